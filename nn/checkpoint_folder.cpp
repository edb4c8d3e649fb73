#include <autograd/fail.hpp>
#include <nn/byte_source.hpp>
#include <nn/checkpoint_file.hpp>
#include <nn/checkpoint_folder.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

namespace xgrad::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view step_tag = "step-", error_tag = "-error-", suffix = ".safetensors";

std::string name_of(std::uint64_t step, std::optional<double> error) {
    return fmt::format(
        "{}{:012}{}{}",
        step_tag,
        step,
        error ? fmt::format("{}{}", error_tag, detail::to_text(*error)) : "",
        suffix);
}

template <class Number>
bool read(std::string_view text, Number& number) {
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    return result.ec == std::errc() && result.ptr == end;
}

// What name_of() was made of, with an end after it; nothing for other names.
struct Named {
    CheckpointFile file;
    std::string end;
};

std::optional<Named> parse(const fs::path& path) {
    const std::string name = path.filename().string();
    const std::size_t body_end = name.rfind(suffix);
    if (!name.starts_with(step_tag) || body_end == std::string::npos)
        return {};
    const std::string_view body =
        std::string_view(name).substr(step_tag.size(), body_end - step_tag.size());
    const std::size_t error_at = body.find(error_tag);
    Named named{{path}, name.substr(body_end + suffix.size())};
    if (!read(body.substr(0, error_at), named.file.step))
        return {};
    if (error_at != std::string_view::npos) {
        double error = 0;
        if (!read(body.substr(error_at + error_tag.size()), error) || std::isnan(error))
            return {};
        named.file.error = error;
    }
    return named;
}

std::vector<Named> everything_in(const fs::path& folder) {
    std::vector<Named> all;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (auto named = parse(at->path()))
            all.push_back(std::move(*named));
    }
    if (error)
        fail<IoError>(
            "CheckpointFolder: \"{}\": {}; need a folder", folder.string(), error.message());
    return all;
}

bool remove_file(const fs::path& path) {
    std::error_code error;
    fs::remove(path, error);
    return !error;
}

// The first that `use` takes; what it says of the damaged files before that is a warning each. One
// that cannot be read may be whole: to pass it over would give it up.
template <class Use>
FoundCheckpoint first_whole(const std::vector<CheckpointFile>& files, const Use& use) {
    FoundCheckpoint found;
    for (const CheckpointFile& file : files) {
        try {
            use(file.path);
            found.file = file;
            return found;
        } catch (const nn::UnreadableError&) {
            throw;
        } catch (const IoError& error) {
            found.warnings.emplace_back(error.what());
        }
    }
    if (!files.empty()) {
        fail<IoError>(
            "CheckpointFolder: all {} checkpoints are damaged; need one that is whole, or an empty "
            "folder to start again:\n  {}",
            files.size(),
            fmt::join(found.warnings, "\n  "));
    }
    return found;
}

}  // namespace

CheckpointFolder::CheckpointFolder(fs::path folder, const CheckpointFolderOptions& options)
    : folder_(std::move(folder)),
      options_(options) {
    if (options.keep == 0)
        fail<std::invalid_argument>("CheckpointFolder: keep is 0; need at least 1");
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) {
        fail<IoError>(
            "CheckpointFolder: \"{}\": {}; need a folder, or a path where one can be made",
            folder_.string(),
            error.message());
    }
}

std::vector<CheckpointFile> CheckpointFolder::files() const {
    std::vector<CheckpointFile> files;
    for (Named& named : everything_in(folder_)) {
        if (named.end.empty())
            files.push_back(std::move(named.file));
    }
    std::ranges::sort(files, {}, [](const auto& file) { return std::pair(file.step, file.path); });
    return files;
}

// Those with an error, the lowest first, the earlier of equals.
std::vector<CheckpointFile> CheckpointFolder::by_error() const {
    std::vector<CheckpointFile> files = this->files();
    std::erase_if(files, [](const CheckpointFile& file) { return !file.error; });
    std::ranges::stable_sort(files, {}, [](const CheckpointFile& file) { return *file.error; });
    return files;
}

fs::path CheckpointFolder::begin_save(std::uint64_t step, std::optional<double> error) const {
    if (error && std::isnan(*error)) {
        fail<std::invalid_argument>(
            "CheckpointFolder::save: the error of step {} is nan; need a number (did the training "
            "diverge?)",
            step);
    }
    if (step_ && step < *step_) {
        fail<std::invalid_argument>(
            "CheckpointFolder::save: step {} comes after step {}; need steps that do not fall",
            step,
            *step_);
    }
    if (!step_ && !files().empty()) {
        fail<std::invalid_argument>(
            "CheckpointFolder::save: \"{}\" has step {} of an earlier run; need load_latest() or "
            "load_best() before, or another folder",
            folder_.string(),
            files().back().step);
    }
    return folder_ / name_of(step, error);
}

void CheckpointFolder::end_save(const CheckpointFile& saved) {
    step_ = saved.step;
    std::erase(behind_, saved.path);
    std::erase_if(behind_, remove_file);
    for (const Named& named : everything_in(folder_)) {
        const bool replaced = named.file.step == saved.step && named.file.path != saved.path;
        if (named.end.starts_with(".part") || (named.end.empty() && replaced))
            remove_file(named.file.path);
    }
    const std::vector<CheckpointFile> best = by_error();
    std::vector<CheckpointFile> old = files();
    old.resize(old.size() - std::min(old.size(), options_.keep));
    for (const CheckpointFile& file : old) {
        if (!options_.keep_best || best.empty() || file.path != best.front().path)
            remove_file(file.path);
    }
}

FoundCheckpoint CheckpointFolder::enter(FoundCheckpoint found) {
    behind_.clear();
    step_.reset();
    if (found.file) {
        step_ = found.file->step;
        for (const CheckpointFile& file : files()) {
            if (file.step > *step_)
                behind_.push_back(file.path);
        }
        std::ranges::reverse(behind_);
    }
    return found;
}

FoundCheckpoint CheckpointFolder::latest() const {
    std::vector<CheckpointFile> files = this->files();
    std::ranges::reverse(files);
    return first_whole(files, detail::check_whole);
}

template <class T>
fs::path CheckpointFolder::save(
    const Checkpoint<T>& checkpoint, std::uint64_t step, std::optional<double> error) {
    const CheckpointFile file{begin_save(step, error), step, error};
    // With the new file in its place, what was left behind must not be there: it may be newer.
    std::function<void()> before_rename;
    if (!behind_.empty())
        before_rename = [this] { std::erase_if(behind_, remove_file); };
    checkpoint.save(file.path, before_rename);
    end_save(file);
    return file.path;
}

template <class T>
FoundCheckpoint CheckpointFolder::load_latest(Checkpoint<T>& checkpoint) {
    std::vector<CheckpointFile> files = this->files();
    std::ranges::reverse(files);
    return enter(first_whole(files, [&](const fs::path& path) { checkpoint.load(path); }));
}

template <class T>
FoundCheckpoint CheckpointFolder::load_best(Checkpoint<T>& checkpoint) {
    return enter(first_whole(by_error(), [&](const fs::path& path) { checkpoint.load(path); }));
}

template fs::path CheckpointFolder::save(
    const Checkpoint<float>&, std::uint64_t, std::optional<double>);
template fs::path CheckpointFolder::save(
    const Checkpoint<double>&, std::uint64_t, std::optional<double>);
template FoundCheckpoint CheckpointFolder::load_latest(Checkpoint<float>&);
template FoundCheckpoint CheckpointFolder::load_latest(Checkpoint<double>&);
template FoundCheckpoint CheckpointFolder::load_best(Checkpoint<float>&);
template FoundCheckpoint CheckpointFolder::load_best(Checkpoint<double>&);

}  // namespace xgrad::train
