// Internal: what a search's trials have reported, and which of them end early.
#pragma once

#include <nn/search.hpp>

#include <condition_variable>
#include <mutex>

namespace xgrad::search {

/// Decides on each trial by the trials of lower number, and waits for them to come as far. Trials
/// are started in the order of their numbers, so the first one that runs waits for none.
class Board {
public:
    Board(std::size_t trials, const Options& options);

    /// A trial that was finished before.
    void take(const TrialResult& trial);
    /// Throws as Trial::report().
    void report(std::size_t number, std::size_t epoch, double error);
    /// No one waits for this trial any more.
    void finish(std::size_t number);
    /// All trials end at their next report.
    void stop();

    [[nodiscard]] std::vector<Report> reports(std::size_t number) const;
    /// Why the rule ended it; empty when it did not.
    [[nodiscard]] std::string pruned(std::size_t number) const;
    /// Why a report was refused; empty when none was.
    [[nodiscard]] std::string refused(std::size_t number) const;

private:
    struct Entry {
        std::vector<Report> reports;
        bool finished = false;
        std::string pruned;
        std::string refused;
    };
    using Lock = std::unique_lock<std::mutex>;

    void check(Entry& entry, std::size_t epoch, double error) const;
    void wait_for_earlier(Lock& lock, std::size_t number, std::size_t epoch);
    void halve(Lock& lock, std::size_t number, std::size_t since);
    [[nodiscard]] std::string rank_at(std::size_t number, std::size_t rung) const;
    [[nodiscard]] std::string above_median(std::size_t number) const;

    std::optional<Halving> halving_;
    std::optional<MedianRule> median_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Entry> entries_;
    bool stopped_ = false;
};

}  // namespace xgrad::search
