#include <autograd/fail.hpp>
#include <nn/search_board.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace xgrad::search {
namespace {

std::size_t last_epoch(const std::vector<Report>& reports) {
    return reports.empty() ? 0 : reports.back().epoch;
}

bool covers(const std::vector<Report>& reports, std::size_t epoch) {
    return last_epoch(reports) >= epoch && reports.front().epoch <= epoch;
}

// Of those up to `epoch`; there must be one.
double mean_error(const std::vector<Report>& reports, std::size_t epoch) {
    double sum = 0;
    std::size_t n = 0;
    for (; n < reports.size() && reports[n].epoch <= epoch; ++n)
        sum += reports[n].error;
    return sum / static_cast<double>(n);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : values[half - 1] / 2 + values[half] / 2;
}

}  // namespace

Board::Board(std::size_t trials, const Options& options)
    : halving_(options.halving),
      median_(options.median),
      entries_(trials) {}

void Board::take(const TrialResult& trial) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_.at(trial.number);
    entry.reports = trial.reports;
    entry.finished = true;
}

void Board::check(Entry& entry, std::size_t epoch, double error) const {
    if (epoch <= last_epoch(entry.reports)) {
        entry.refused = fmt::format(
            "Trial::report: epoch {} after epoch {}; need a later one, counted from 1",
            epoch,
            last_epoch(entry.reports));
    } else if (!std::isfinite(error)) {
        entry.refused = fmt::format(
            "Trial::report: the dev error is {} at epoch {}; need a finite number", error, epoch);
    }
    if (!entry.refused.empty())
        throw std::invalid_argument(entry.refused);
}

void Board::report(std::size_t number, std::size_t epoch, double error) {
    Lock lock(mutex_);
    Entry& entry = entries_.at(number);
    if (stopped_ || !entry.pruned.empty())
        throw Pruned{};
    check(entry, epoch, error);
    const std::size_t since = last_epoch(entry.reports);
    entry.reports.push_back({epoch, error});
    changed_.notify_all();
    if (halving_) {
        halve(lock, number, since);
    } else if (median_ && epoch >= median_->first_epoch) {
        wait_for_earlier(lock, number, epoch);
        entry.pruned = above_median(number);
    }
    if (stopped_ || !entry.pruned.empty())
        throw Pruned{};
}

void Board::wait_for_earlier(Lock& lock, std::size_t number, std::size_t epoch) {
    changed_.wait(lock, [&] {
        const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(number);
        return stopped_ || std::all_of(entries_.begin(), end, [&](const Entry& entry) {
                   return entry.finished || last_epoch(entry.reports) >= epoch;
               });
    });
}

// At each rung after epoch `since` that the trial has reached; one, when it reports every epoch.
void Board::halve(Lock& lock, std::size_t number, std::size_t since) {
    Entry& entry = entries_[number];
    const std::size_t epoch = last_epoch(entry.reports);
    for (std::size_t rung = halving_->min_epochs; rung <= epoch; rung *= halving_->factor) {
        if (rung > since) {
            wait_for_earlier(lock, number, rung);
            entry.pruned = rank_at(number, rung);
        }
        const bool is_last = rung > std::numeric_limits<std::size_t>::max() / halving_->factor;
        if (stopped_ || !entry.pruned.empty() || is_last)
            return;
    }
}

// Empty when the trial goes on.
std::string Board::rank_at(std::size_t number, std::size_t rung) const {
    const double own = entries_[number].reports.back().error;
    std::size_t here = 1;
    std::size_t rank = 1;
    for (std::size_t i = 0; i < number; ++i) {
        const auto& reports = entries_[i].reports;
        const auto at = std::ranges::lower_bound(reports, rung, {}, &Report::epoch);
        if (at == reports.end())
            continue;
        ++here;
        rank += at->error <= own;
    }
    const std::size_t stay = std::max<std::size_t>(1, here / halving_->factor);
    if (rank <= stay)
        return {};
    return fmt::format("{} of {} at epoch {}; the best {} went on", rank, here, rung, stay);
}

// Empty when the trial goes on.
std::string Board::above_median(std::size_t number) const {
    const auto& own = entries_[number].reports;
    const std::size_t epoch = own.back().epoch;
    std::vector<double> means;
    for (std::size_t i = 0; i < number; ++i) {
        if (covers(entries_[i].reports, epoch))
            means.push_back(mean_error(entries_[i].reports, epoch));
    }
    if (means.empty() || means.size() < median_->min_trials)
        return {};
    const double limit = median(std::move(means));
    const double best = std::ranges::min(own, {}, &Report::error).error;
    if (best <= limit)
        return {};
    return fmt::format("best error {:.6g} at epoch {}; the median was {:.6g}", best, epoch, limit);
}

void Board::finish(std::size_t number) {
    const std::lock_guard lock(mutex_);
    entries_.at(number).finished = true;
    changed_.notify_all();
}

void Board::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

std::vector<Report> Board::reports(std::size_t number) const {
    const std::lock_guard lock(mutex_);
    return entries_.at(number).reports;
}

std::string Board::pruned(std::size_t number) const {
    const std::lock_guard lock(mutex_);
    return entries_.at(number).pruned;
}

std::string Board::refused(std::size_t number) const {
    const std::lock_guard lock(mutex_);
    return entries_.at(number).refused;
}

}  // namespace xgrad::search
