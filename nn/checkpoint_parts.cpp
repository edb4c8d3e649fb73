// What a checkpoint keeps of each kind of part.
#include <autograd/fail.hpp>
#include <nn/checkpoint.hpp>
#include <nn/checkpoint_file.hpp>
#include <nn/dropout.hpp>
#include <nn/ema.hpp>
#include <nn/input_normalizer.hpp>
#include <nn/schedule.hpp>
#include <nn/train.hpp>

#include <algorithm>
#include <utility>

namespace xgrad::train {

using detail::Content;
using detail::from_text;
using detail::line_of;
using detail::numbers_of;
using detail::Part;
using detail::read_line;
using detail::Texts;
using detail::texts_of;
using detail::to_text;

namespace {

// The one text of a part that has only that.
template <class T>
const std::string& only_text(const Content<T>& content) {
    const auto found = content.texts.find("value");
    if (found == content.texts.end() || content.texts.size() != 1 || !content.arrays.empty()) {
        fail<std::invalid_argument>(
            "it has {} texts and {} arrays; need only \"value\"",
            content.texts.size(),
            content.arrays.size());
    }
    return found->second;
}

template <class T, class Number>
Part<T> number_part(const std::string& name, const char* kind, Number& number) {
    return {
        name,
        [kind, &number] {
            return Content<T>{kind, {}, {{"value", to_text(number)}}};
        },
        [&number](const Content<T>& content) {
            number = from_text<Number>("value", only_text(content));
        }};
}

template <class T, class Schedule>
Part<T> schedule_part(const std::string& name, const char* kind, Schedule& schedule) {
    return {
        name,
        [kind, &schedule] {
            return Content<T>{kind, {}, texts_of(schedule.state_dict())};
        },
        [&schedule](const Content<T>& content) {
            schedule.load_state_dict(numbers_of(content.texts));
        },
        true};
}

// What f throws, as a text.
template <class F>
std::string refusal_of(F f) {
    try {
        f();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

template <class T>
Texts noise_texts(nn::Module<T>& model) {
    Texts texts;
    for (const auto& [path, key] : nn::noise_keys(model))
        texts.emplace("noise." + path, line_of({key.seed, key.stream}));
    return texts;
}

template <class T>
void set_noise(nn::Module<T>& model, const Texts& texts) {
    std::map<std::string, DropoutKey> keys;
    for (const auto& [name, line] : texts) {
        if (!name.starts_with("noise."))
            fail<std::invalid_argument>("\"{}\" is not in the module", name);
        const auto numbers = read_line<std::uint64_t>(name, line, 2);
        keys.emplace(name.substr(name.find('.') + 1), DropoutKey{numbers[0], numbers[1]});
    }
    nn::set_noise_keys(model, keys);
}

template <class T>
void give_normalizer(data::InputNormalizer<T>& normalizer, const Content<T>& content) {
    if (content.arrays.empty()) {
        normalizer.reset();
        return;
    }
    if (normalizer.fitted()) {
        for (const auto& [name, array] : normalizer.state()) {
            const auto found = content.arrays.find(name);
            if (found != content.arrays.end() && found->second.shape() != array.shape()) {
                fail<ShapeError>(
                    "{} has shape {}, the normaliser's has {}",
                    name,
                    found->second.shape(),
                    array.shape());
            }
        }
    }
    normalizer.load_state(content.arrays);
}

template <class T>
Texts order_of(const data::DataLoader<T>& loader) {
    const data::LoaderOptions& options = loader.options();
    Texts texts = {
        {"rows", to_text(std::uint64_t{loader.dataset().size()})},
        {"batch_size", to_text(std::uint64_t{options.batch_size})},
        {"seed", to_text(options.seed)},
        {"shuffle", to_text(int{options.shuffle})},
        {"drop_last", to_text(int{options.drop_last})}};
    if (const auto& augmentation = loader.augmentation()) {
        texts["augmentation"] = augmentation->text();
        texts["augmentation_seed"] = to_text(augmentation->seed());
    }
    return texts;
}

// Texts that must be what they are.
void check_same_texts(const Texts& given, const Texts& expected) {
    const auto text_in = [](const Texts& texts, const std::string& name) {
        const auto found = texts.find(name);
        return found == texts.end() ? "missing" : found->second;
    };
    Texts all = expected;
    all.insert(given.begin(), given.end());
    std::string faults;
    for (const auto& [name, text] : all) {
        const std::string has = text_in(given, name), needs = text_in(expected, name);
        if (has != needs)
            faults += fmt::format(" \"{}\" is {}, the loader's is {};", name, has, needs);
    }
    if (!faults.empty()) {
        faults.pop_back();
        fail<std::invalid_argument>("the order of the data differs:{}", faults);
    }
}

// "3": the numbers of epoch 3, "3.dev f1": a metric of it.
Texts history_texts(const History& history) {
    Texts texts;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const EpochRecord& r = history[i];
        const std::string key = to_text(std::uint64_t{i});
        texts[key] =
            line_of({r.train.cost, r.train.error, r.dev.cost, r.dev.error, r.seconds, r.lr});
        for (const auto& [name, value] : r.metrics)
            texts[key + "." + name] = to_text(value);
    }
    return texts;
}

EpochRecord record_of(const std::string& key, const std::string& line) {
    // Older files have no learning rate.
    const bool has_lr = std::ranges::count(line, ' ') != 4;
    const auto numbers = read_line<double>(key, line, has_lr ? 6 : 5);
    EpochRecord record{{numbers[0], numbers[1]}, {numbers[2], numbers[3]}, numbers[4]};
    if (has_lr)
        record.lr = numbers[5];
    return record;
}

History history_of(const Texts& texts) {
    const auto is_metric = [](const auto& text) { return text.first.find('.') != text.first.npos; };
    const auto metrics = static_cast<std::size_t>(std::ranges::count_if(texts, is_metric));
    History history;
    for (std::size_t i = 0; i + metrics < texts.size(); ++i) {
        const auto found = texts.find(to_text(std::uint64_t{i}));
        if (found == texts.end())
            fail<std::invalid_argument>("the record of epoch {} is missing", i);
        history.push_back(record_of(found->first, found->second));
    }
    for (const auto& [key, text] : texts) {
        const std::size_t dot = key.find('.');
        if (dot == std::string::npos)
            continue;
        const auto epoch = from_text<std::uint64_t>(key, key.substr(0, dot));
        if (epoch >= history.size())
            fail<std::invalid_argument>("\"{}\" is of an epoch that is missing", key);
        history[epoch].metrics[key.substr(dot + 1)] = from_text<double>(key, text);
    }
    return history;
}

}  // namespace

template <class T>
Checkpoint<T>::Checkpoint() = default;
template <class T>
Checkpoint<T>::Checkpoint(Checkpoint&&) noexcept = default;
template <class T>
Checkpoint<T>& Checkpoint<T>::operator=(Checkpoint&&) noexcept = default;
template <class T>
Checkpoint<T>::~Checkpoint() = default;

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, nn::Module<T>& model) {
    return add(
        {name,
         [&model] {
             return Content<T>{"Module", model.state_dict(), noise_texts(model)};
         },
         [&model](const Content<T>& content) {
             const std::string weights = refusal_of([&] { model.load_state_dict(content.arrays); });
             const std::string noise = refusal_of([&] { set_noise(model, content.texts); });
             if (!weights.empty() || !noise.empty()) {
                 const bool both = !weights.empty() && !noise.empty();
                 fail<std::invalid_argument>("{}{}{}", weights, both ? "; " : "", noise);
             }
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::add_state(
    const std::string& name,
    std::function<optim::State<T>()> take,
    std::function<void(const optim::State<T>&)> give) {
    return add(
        {name,
         [take = std::move(take)] {
             optim::State<T> state = take();
             return Content<T>{
                 std::move(state.kind), std::move(state.arrays), texts_of(state.numbers)};
         },
         [give = std::move(give)](const Content<T>& content) {
             give({content.kind, content.arrays, numbers_of(content.texts)});
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, optim::EMA<T>& ema) {
    return add_state(
        name,
        [&ema] {
            if (ema.is_swapped_in()) {
                fail<std::logic_error>(
                    "Checkpoint: the averages of the EMA are swapped in; need swap_out() before");
            }
            return ema.state_dict();
        },
        [&ema](const optim::State<T>& state) { ema.load_state_dict(state); });
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, optim::Scheduler& scheduler) {
    Part<T> part = schedule_part<T>(name, "Scheduler", scheduler);
    part.keep = [&scheduler] {
        return [&scheduler, lr = scheduler.optimizer().lr()] { scheduler.optimizer().set_lr(lr); };
    };
    return add(std::move(part));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, optim::Plateau& plateau) {
    return add(schedule_part<T>(name, "Plateau", plateau));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, Rng& rng) {
    return add(
        {name,
         [&rng] {
             const Rng::State& s = rng.state();
             return Content<T>{
                 "Rng", {}, {{"value", line_of({s.seed, s.stream, s.position, s.spare})}}};
         },
         [&rng](const Content<T>& content) {
             const auto n = read_line<std::uint64_t>("value", only_text(content), 4);
             rng = Rng(Rng::State{n[0], n[1], n[2], n[3]});
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, data::InputNormalizer<T>& normalizer) {
    using State = typename data::InputNormalizer<T>::State;
    return add(
        {name,
         [&normalizer] {
             return Content<T>{
                 normalizer.name(), normalizer.fitted() ? normalizer.state() : State()};
         },
         [&normalizer](const Content<T>& content) { give_normalizer(normalizer, content); }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, const data::DataLoader<T>& loader) {
    return add(
        {name,
         [texts = order_of(loader)] {
             return Content<T>{"DataLoader", {}, texts};
         },
         [texts = order_of(loader)](const Content<T>& content) {
             check_same_texts(content.texts, texts);
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, std::vector<EpochRecord>& history) {
    return add(
        {name,
         [&history] {
             return Content<T>{"History", {}, history_texts(history)};
         },
         [&history](const Content<T>& content) { history = history_of(content.texts); }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, Array<T>& array) {
    return add(
        {name,
         [&array] {
             return Content<T>{"array", {{"value", array}}};
         },
         [&array](const Content<T>& content) {
             const auto found = content.arrays.find("value");
             if (found == content.arrays.end() || content.arrays.size() != 1) {
                 fail<std::invalid_argument>(
                     "it has {} arrays; need only \"value\"", content.arrays.size());
             }
             array = found->second;
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, bool& flag) {
    return add(
        {name,
         [&flag] {
             return Content<T>{"flag", {}, {{"value", flag ? "true" : "false"}}};
         },
         [&flag](const Content<T>& content) {
             const std::string& text = only_text(content);
             if (text != "true" && text != "false")
                 fail<std::invalid_argument>("it is \"{}\"; need \"true\" or \"false\"", text);
             flag = text == "true";
         }});
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, int& number) {
    return add(number_part<T>(name, "integer", number));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, std::int64_t& number) {
    return add(number_part<T>(name, "integer", number));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, std::uint64_t& number) {
    return add(number_part<T>(name, "count", number));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, double& number) {
    return add(number_part<T>(name, "number", number));
}

template <class T>
Checkpoint<T>& Checkpoint<T>::track(const std::string& name, std::string& text) {
    return add(
        {name,
         [&text] {
             return Content<T>{"text", {}, {{"value", text}}};
         },
         [&text](const Content<T>& content) { text = only_text(content); }});
}

template class Checkpoint<float>;
template class Checkpoint<double>;

}  // namespace xgrad::train
