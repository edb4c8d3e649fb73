#include <autograd/fail.hpp>
#include <nn/adam.hpp>
#include <nn/checkpoint_folder.hpp>
#include <nn/eval_mode.hpp>
#include <nn/fit.hpp>
#include <nn/fit_checks.hpp>
#include <nn/fit_progress.hpp>
#include <nn/gradient.hpp>
#include <nn/interrupt.hpp>
#include <nn/nonfinite.hpp>
#include <nn/rng.hpp>
#include <nn/scoring.hpp>
#include <ops/operators.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace xgrad::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t sample_stream = 0x73616D706C65;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// The sign of a NaN says nothing.
std::string text_of(double number) { return std::isnan(number) ? "nan" : fmt::to_string(number); }

template <class T>
data::Dataset<T> sample_of(const data::Dataset<T>& dataset, std::size_t rows, std::uint64_t seed) {
    if (rows >= dataset.size())
        return dataset;
    data::Rows order(dataset.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Rng(seed, sample_stream).shuffle(order);
    order.resize(rows);
    return dataset.subset(order);
}

template <class T>
std::unique_ptr<optim::Optimizer<T>> optimizer_of(
    nn::Module<T>& model, const FitOptions<T>& options) {
    auto optimizer = options.optimizer
                         ? options.optimizer(model)
                         : std::make_unique<optim::Adam<T>>(
                               model.parameters(), optim::AdamOptions{.lr = options.lr});
    if (!optimizer)
        fail<std::invalid_argument>("fit: `optimizer` made none; need one");
    return optimizer;
}

// One call of fit().
template <class T>
class Run {
public:
    Run(nn::Module<T>& model, const FitData<T>& data, const FitOptions<T>& options)
        : model_(model),
          data_(data),
          options_(options),
          loader_(
              data.train,
              {.batch_size = options.batch_size,
               .shuffle = options.shuffle,
               .seed = options.seed,
               .drop_last = options.drop_last,
               .workers = options.workers},
              options.augmentation),
          sample_(sample_of(data.train, options.train_rows, options.seed)),
          optimizer_(optimizer_of(model, options)),
          parameters_(optimizer_->parameters()),
          state_{model, *optimizer_, data_.train, data_.dev ? &*data_.dev : nullptr, history_},
          progress_(options.progress),
          modes_(model),
          interrupt_(options.handle_interrupt) {
        state_.epochs = options.epochs;
        state_.batches = loader_.batches();
        if (options.schedule)
            scheduler_.emplace(*optimizer_, options.schedule(options.epochs * loader_.batches()));
        if (options.early_stopping)
            stopping_.emplace(*options.early_stopping);
        track();
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    FitResult operator()() {
        const Clock::time_point start = Clock::now();
        if (!model_.is_training())
            model_.train();
        load();
        keep_good();
        call(&Callback<T>::on_start);
        const FitEnd end = train();
        if (end == FitEnd::interrupted)
            state_.stop("interrupted");
        if (unsaved_)
            save({});
        if (stopping_ && stopping_->best_epoch() > 0)
            stopping_->restore(model_);
        model_.zero_grad();
        call(&Callback<T>::on_end);
        FitResult result = result_of(end);
        result.seconds = seconds_since(start);
        progress_.end(result.text());
        return result;
    }

private:
    using Hook = void (Callback<T>::*)(FitState<T>&);

    void call(Hook hook) {
        for (const auto& callback : options_.callbacks)
            (callback.get()->*hook)(state_);
    }

    void track() {
        checkpoint_.track("model", model_).track("optimizer", *optimizer_).track("data", loader_);
        checkpoint_.track("history", history_).track("batch", batch_).track("step", state_.step);
        if (scheduler_)
            checkpoint_.track("schedule", *scheduler_);
        if (stopping_)
            checkpoint_.track("early_stopping", *stopping_);
    }

    void load() {
        if (options_.checkpoint.empty())
            return;
        folder_.emplace(options_.checkpoint);
        if (options_.resume) {
            warnings_ = folder_->load_latest(checkpoint_).warnings;
        } else if (!folder_->files().empty()) {
            fail<std::invalid_argument>(
                "fit: \"{}\" has {} checkpoints and resume is false; need an empty folder",
                options_.checkpoint.string(),
                folder_->files().size());
        }
    }

    void save(std::optional<double> error) {
        if (folder_)
            folder_->save(checkpoint_, state_.step, error);
        unsaved_ = false;
    }

    [[nodiscard]] bool asked_to_stop() const {
        return !state_.reason.empty() || interrupt_.noted();
    }

    FitEnd train() {
        while (true) {
            if (!state_.reason.empty())
                return FitEnd::stopped;
            // Also after the last epoch: the caller may have more to do, and should not.
            if (interrupt_.noted())
                return FitEnd::interrupted;
            if (history_.size() >= options_.epochs)
                return FitEnd::epochs;
            if (stopping_ && stopping_->is_due())
                return FitEnd::early_stop;
            epoch();
        }
    }

    // From the batch where it stands; ends in the middle when it is asked to.
    void epoch() {
        const Clock::time_point start = Clock::now();
        state_.epoch = history_.size() + 1;
        progress_.begin_epoch(state_.epoch, options_.epochs, loader_.batches());
        for (data::Batch<T>& batch : loader_.epoch(state_.epoch, batch_)) {
            step(batch);
            if (asked_to_stop())
                return;
        }
        end_epoch(start);
    }

    [[nodiscard]] Variable<T> loss_of(
        const Variable<T>& outputs, const data::Batch<T>& batch) const {
        const Variable<T> loss = detail::loss_of(options_.loss, outputs, batch);
        return options_.penalty ? loss + options_.penalty(model_) : loss;
    }

    void step(data::Batch<T>& batch) {
        const std::size_t rows = batch.x.shape()[0];
        state_.batch = batch_ + 1;
        model_.zero_grad();
        optimizer_->zero_grad();
        {
            // Only a loss of the program's may look at x.
            const Variable<T> x(options_.loss ? batch.x : std::move(batch.x));
            const Variable<T> loss = loss_of(model_(x), batch);
            state_.loss = static_cast<double>(loss.item());
            if (!std::isfinite(state_.loss) && !optimizer_->skips_nonfinite())
                fail_at_step("the loss is " + text_of(state_.loss));
            loss.backward();
        }
        if (options_.clip_norm)
            optim::clip_grad_norm(parameters_, *options_.clip_norm);
        if (!optimizer_->skips_nonfinite()) {
            const std::string bad = detail::nonfinite_gradient(parameters_);
            if (!bad.empty())
                fail_at_step(fmt::format("the gradient of \"{}\" is not finite", bad));
        }
        call(&Callback<T>::on_gradient);
        optimizer_->step();
        if (scheduler_)
            scheduler_->step();
        ++batch_;
        ++state_.step;
        unsaved_ = true;
        call(&Callback<T>::on_step);
        progress_.step(batch_, rows, state_.loss);
    }

    [[nodiscard]] EpochRecord scores() {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();
        const bool has_metrics = !options_.metrics.empty();
        const data::Dataset<T>& judged = data_.dev ? *data_.dev : sample_;
        auto scored = detail::score(model_, sample_, options_.loss, has_metrics && !data_.dev);
        EpochRecord record{scored.evaluation, {none, none}};
        check_cost("train", record.train.cost);
        if (data_.dev) {
            scored = detail::score(model_, *data_.dev, options_.loss, has_metrics);
            record.dev = scored.evaluation;
            check_cost("dev", record.dev.cost);
        }
        for (const Metric<T>& metric : options_.metrics) {
            record.metrics[(data_.dev ? "dev " : "train ") + metric.name] =
                metric.function(scored.outputs, judged);
        }
        return record;
    }

    void end_epoch(Clock::time_point start) {
        EpochRecord record = scores();
        record.seconds = seconds_since(start);
        record.lr = optimizer_->lr();
        history_.push_back(std::move(record));
        const EpochRecord& last = history_.back();
        batch_ = 0;
        unsaved_ = true;
        keep_good();
        if (stopping_)
            static_cast<void>(stopping_->update(last.dev.error, model_));
        call(&Callback<T>::on_epoch);
        progress_.end_epoch(last, data_.train.classes() != 0);
        if (history_.size() % options_.checkpoint_every == 0)
            save(data_.dev ? std::optional(last.dev.error) : std::nullopt);
    }

    void keep_good() {
        good_ = model_.state_dict();
        good_text_ = batch_ > 0         ? fmt::format("of step {}", state_.step)
                     : history_.empty() ? "that it began with"
                                        : fmt::format("of the end of epoch {}", history_.size());
    }

    // Gives the model its good weights back and throws.
    [[noreturn]] void fail_with(const std::string& fact, std::size_t batch, std::string trace) {
        model_.load_state_dict(good_);
        model_.zero_grad();
        progress_.end("");
        throw NonFiniteError(
            fmt::format(
                "fit: {}, step {}, learning rate {}; need finite numbers{}\n  try a lower "
                "learning rate, or clip_norm{}; the model has the weights {}",
                fact,
                state_.step + (batch > 0 ? 1 : 0),
                optimizer_->lr(),
                trace,
                options_.clip_norm ? fmt::format(" below {}", *options_.clip_norm) : "",
                good_text_),
            state_.epoch,
            batch);
    }

    [[noreturn]] void fail_at_step(const std::string& what) {
        std::string trace;
        for (const data::Batch<T>& batch : loader_.epoch(state_.epoch, batch_)) {
            trace = detail::trace_nonfinite<T>(
                model_, batch, [&](const Variable<T>& outputs) { return loss_of(outputs, batch); });
            break;
        }
        fail_with(
            fmt::format(
                "{} in epoch {}, batch {} of {}",
                what,
                state_.epoch,
                state_.batch,
                loader_.batches()),
            state_.batch,
            trace);
    }

    void check_cost(const char* part, double cost) {
        if (!std::isfinite(cost))
            fail_with(
                fmt::format("the {} cost is {} after epoch {}", part, text_of(cost), state_.epoch),
                0,
                "");
    }

    [[nodiscard]] FitResult result_of(FitEnd end) const {
        FitResult result{history_};
        result.end = end;
        result.steps = state_.step;
        result.warnings = warnings_;
        if (stopping_) {
            result.best_epoch = stopping_->best_epoch();
        } else if (!history_.empty()) {
            const auto error = [&](const EpochRecord& record) {
                return data_.dev ? record.dev.error : record.train.error;
            };
            result.best_epoch = static_cast<std::size_t>(
                std::ranges::min_element(history_, {}, error) - history_.begin() + 1);
        }
        switch (end) {
            case FitEnd::epochs: result.ended = fmt::format("{} epochs", history_.size()); break;
            case FitEnd::early_stop:
                result.ended = fmt::format(
                    "early stop at epoch {}, best {}", history_.size(), result.best_epoch);
                break;
            case FitEnd::interrupted: result.ended = "interrupted"; break;
            case FitEnd::stopped: result.ended = "stopped: " + state_.reason; break;
        }
        return result;
    }

    nn::Module<T>& model_;
    FitData<T> data_;
    const FitOptions<T>& options_;
    data::DataLoader<T> loader_;
    data::Dataset<T> sample_;  // the training rows that are scored
    std::unique_ptr<optim::Optimizer<T>> optimizer_;
    std::vector<nn::Parameter<T>> parameters_;
    History history_;
    FitState<T> state_;
    std::uint64_t batch_ = 0;  // finished ones of the epoch at hand
    std::optional<optim::Scheduler> scheduler_;
    std::optional<EarlyStopping<T>> stopping_;
    nn::StateDict<T> good_;
    std::string good_text_;  // "of the end of epoch 3"
    Checkpoint<T> checkpoint_;
    std::optional<CheckpointFolder> folder_;
    bool unsaved_ = false;
    std::vector<std::string> warnings_;
    detail::FitProgress progress_;
    nn::KeepModes<T> modes_;
    detail::InterruptGuard interrupt_;
};

}  // namespace

std::string FitResult::text() const {
    std::string text = ended;
    if (best_epoch > 0) {
        const EpochRecord& best = history[best_epoch - 1];
        text += fmt::format(
            "; epoch {}: train cost {:.4g}, error {:.4g}",
            best_epoch,
            best.train.cost,
            best.train.error);
        if (!std::isnan(best.dev.cost))
            text += fmt::format("; dev cost {:.4g}, error {:.4g}", best.dev.cost, best.dev.error);
    }
    return text + fmt::format("; {} steps, {}", steps, detail::duration_text(seconds));
}

template <class T>
FitResult fit(nn::Module<T>& model, const FitData<T>& data, const FitOptions<T>& options) {
    detail::check_fit(data, options);
    return Run<T>(model, data, options)();
}

template FitResult fit(nn::Module<float>&, const FitData<float>&, const FitOptions<float>&);
template FitResult fit(nn::Module<double>&, const FitData<double>&, const FitOptions<double>&);

}  // namespace xgrad::train
