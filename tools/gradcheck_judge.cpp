#include <autograd/fail.hpp>
#include <autograd/record.hpp>
#include <tools/gradcheck_judge.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xgrad::detail {
namespace {

// A disagreement is real from so many estimated errors on.
constexpr double certainty = 4;
// The first step of an extrapolation, in steps.
constexpr double wide = 2048;

std::string name_of(const BranchChange& change) {
    if (change.op.empty())
        return "a branch of the function itself";
    const std::string_view path = change.where.file_name();
    std::string text = change.op;
    if (!path.empty())
        text += fmt::format(" ({}:{})", path.substr(path.rfind('/') + 1), change.where.line());
    text += fmt::format(
        " at ({}{})", fmt::join(change.index, ", "), change.index.size() == 1 ? "," : "");
    if (change.count > 1)
        text += fmt::format(" and {} more", change.count - 1);
    return text;
}

std::size_t count_of(const std::vector<BranchChange>& changes) {
    return std::transform_reduce(
        changes.begin(), changes.end(), std::size_t(0), std::plus(), [](const auto& change) {
            return change.count;
        });
}

// An op that picks elements picked one here that it picks on neither side.
bool picks_another(
    const std::vector<BranchRecord>& here,
    const std::vector<BranchRecord>& before,
    const std::vector<BranchRecord>& after) {
    for (std::size_t k = 0; k < std::min({here.size(), before.size(), after.size()}); ++k) {
        const auto& now = here[k].sides;
        if (!here[k].is_choice || before[k].sides.size() != now.size() ||
            after[k].sides.size() != now.size())
            continue;
        for (std::size_t i = 0; i < now.size(); ++i) {
            if (now[i] != before[k].sides[i] && now[i] != after[k].sides[i])
                return true;
        }
    }
    return false;
}

}  // namespace

// The work on one entry.
class Judge::Trial {
public:
    Trial(const Judge& judge, const Line& line, GradcheckEntry& entry)
        : judge_(judge),
          line_(line),
          entry_(entry) {}

    void run() {
        const double h = line_.steps.front();
        const Stencil stencil = stencil_at(line_, h);
        const Slope plain = weigh(difference(line_, h, stencil), line_.weights);
        rounding_ = plain.uncertainty;
        take(plain);
        if (!std::isfinite(entry_.analytic)) {
            judge_broken(weigh(difference(line_, h / 64, stencil), line_.weights));
            return;
        }
        if (stencil == Stencil::central && entry_.verdict == GradcheckVerdict::pass &&
            agrees_at_once())
            return;
        for (const double step : line_.steps) {
            take_better(step * wide, stencil_at(line_, step));
            if (entry_.verdict == GradcheckVerdict::pass)
                return;
        }
        try_own_step();
        if (entry_.verdict == GradcheckVerdict::pass)
            return;
        look_for_kinks();
        if (entry_.verdict != GradcheckVerdict::pass)
            doubt();
    }

    // Though the plain difference is no reason to.
    void look_beside() {
        take(weigh(difference(line_, line_.steps.front(), Stencil::central), line_.weights));
        look_for_kinks();
    }

private:
    void take(const Slope& slope) {
        entry_.numeric = slope.value;
        entry_.uncertainty = slope.uncertainty;
        entry_.step = slope.step;
        measure();
    }

    void measure() {
        entry_.absolute = std::abs(entry_.analytic - entry_.numeric);
        entry_.relative =
            entry_.absolute / std::max({1.0, std::abs(entry_.analytic), std::abs(entry_.numeric)});
        // Nor is anything asked of what is finer than a plain difference can be.
        const bool explained = entry_.absolute <= entry_.uncertainty &&
                               entry_.uncertainty <= rounding_ && !judge_.is_blind(entry_);
        if (explained || entry_.absolute <= judge_.allowed(entry_.analytic, entry_.numeric))
            entry_.verdict = GradcheckVerdict::pass;
        else if (entry_.absolute > certainty * entry_.uncertainty)
            entry_.verdict = GradcheckVerdict::fail;
        else
            entry_.verdict = GradcheckVerdict::inconclusive;
    }

    // The plain difference is good enough, and fine enough to see an error.
    [[nodiscard]] bool agrees_at_once() const {
        const GradcheckOptions& options = judge_.options_;
        const double sharp = 0.1 * std::min(options.tolerance, options.norm_tolerance);
        const double scale = std::max(std::abs(entry_.analytic), std::abs(entry_.numeric));
        const double floor = 1e-3 * judge_.size_;
        if (!(entry_.absolute <= sharp * std::max(scale, floor) + entry_.uncertainty))
            return false;
        const bool matters = scale > options.tolerance * floor;
        return !matters || entry_.uncertainty <= 0.1 * scale;
    }

    // An infinite gradient is right where the slope grows without bound.
    void judge_broken(const Slope& finer) {
        entry_.verdict = GradcheckVerdict::fail;
        entry_.absolute = std::abs(entry_.analytic - entry_.numeric);
        entry_.relative = entry_.absolute;
        const bool bounded = std::abs(finer.value) < 2 * std::abs(entry_.numeric);
        if (std::isinf(entry_.analytic) && !bounded)
            entry_.verdict = GradcheckVerdict::inconclusive;
    }

    [[nodiscard]] Slope refined(double start, Stencil stencil) {
        constexpr std::size_t rows = 18;
        std::vector<Slope> slopes;
        const std::vector<Slopes> found = differences(line_, start, stencil, rows);
        const std::vector<bool> reached = reached_by(found);
        for (const Slopes& row : found) {
            slopes.push_back(weigh(row, line_.weights, reached));
            sweep_.push_back({row.step, slopes.back().value});
        }
        // Small steps may agree by chance, as they do on the stairs of rounding.
        Slope slope = extrapolate(slopes, stencil);
        const double rounding = slope.step > 0 ? noise(slope.step, stencil) : 0;
        if (std::isfinite(rounding) && slope.step > 0)
            slope.uncertainty += 2 * rounding / slope.step;
        return slope;
    }

    [[nodiscard]] double noise(double step, Stencil stencil) const {
        return measured_noise(line_, step, std::min(line_.steps.front(), clear_ / 5), stencil);
    }

    // Where one side gives no number, x is at the end of the domain: the other side counts.
    void take_better(double start, Stencil stencil) {
        Slope slope = refined(start, stencil);
        if (std::isnan(slope.value) && stencil == Stencil::central) {
            slope = refined(start, Stencil::right);
            if (std::isnan(slope.value))
                slope = refined(start, Stencil::left);
        }
        // Steps that are too wide for the function may agree with one another, not with finer ones.
        const double gap = std::abs(slope.value - entry_.numeric);
        if (entry_.sweep.empty() || !(slope.uncertainty >= entry_.uncertainty) ||
            gap > certainty * slope.uncertainty)
            take(slope);
        entry_.sweep = sweep_;
        found_.push_back(slope.value);
    }

    // If the gradient is right, the function changes by its own size over |f| / |gradient|. Near a
    // pole that may be less than any step so far; 0 where it is not.
    [[nodiscard]] double own_step() const {
        double size = 0;
        const std::vector<double> y = line_.outputs(0);
        for (std::size_t i = 0; i < y.size(); ++i)
            size += std::abs(line_.weights[i] * y[i]);
        const double step =
            std::cbrt(std::numeric_limits<double>::epsilon()) * size / std::abs(entry_.analytic);
        return step < 0x1p-4 * line_.steps.back() ? step : 0;
    }

    void try_own_step() {
        const double step = own_step();
        if (step > 0)
            take_better(step * wide, stencil_at(line_, step));
    }

    // The largest step to that side after which the ops decide as in `here`; 0 where none is left.
    // `nearest` gets what changes next.
    double clear_step(
        double side, const std::vector<BranchRecord>& here, std::vector<BranchChange>& nearest) {
        const double room = side < 0 ? -line_.low : line_.high;
        for (double h = std::min(line_.steps.front() * wide, room);
             line_.moved(side * h) != 0 && h > line_.steps.front() * 0x1p-44;
             h /= 4) {
            std::vector<BranchChange> changes = changed_branches(here, line_.branches(side * h));
            if (changes.empty())
                return h;
            nearest = std::move(changes);
        }
        return 0;
    }

    void look_for_kinks() {
        const std::vector<BranchRecord> here = line_.branches(0);
        std::vector<BranchChange> before, after;
        const double left = here.empty() ? 0 : clear_step(-1, here, before);
        const double right = here.empty() ? 0 : clear_step(1, here, after);
        if (before.empty() && after.empty()) {
            look_at_both_sides();
            return;
        }
        entry_.kink = name_of(before.empty() ? after.front() : before.front());
        sweep_.clear();
        const bool left_blocked = left == 0 && -line_.low > 0;
        const bool right_blocked = right == 0 && line_.high > 0;
        if (left_blocked || right_blocked) {
            judge_on_kink();
            return;
        }
        // Beside it. Very near, only the side away from it has room for steps.
        Stencil stencil = Stencil::central;
        clear_ = std::min(left, right);
        if (64 * clear_ < std::max(left, right)) {
            stencil = left > right ? Stencil::left : Stencil::right;
            clear_ = std::max(left, right) / 3;
        }
        entry_.sweep.clear();
        const double least = clear_ * 0x1p-45;
        for (double start = clear_; start > least; start *= 0x1p-15) {
            take_better(start, stencil);
            if (entry_.verdict == GradcheckVerdict::pass)
                return;
        }
    }

    // Where no op notes a kink the function may have one all the same, in a branch of its own: then
    // each side is sure of its slope, and they differ.
    void look_at_both_sides() {
        const double start = line_.steps.front() * wide;
        if (!(line_.high > 0) || !(line_.low < 0))
            return;
        const Slope left = refined(start, Stencil::left), right = refined(start, Stencil::right);
        const double gap = std::abs(left.value - right.value);
        if (!(gap > certainty * (left.uncertainty + right.uncertainty)) ||
            gap <= judge_.allowed(left.value, right.value))
            return;
        // On a kink a central difference is the mean of both slopes at any step; where a function
        // turns faster than the steps can follow, it is not.
        const double mean = (left.value + right.value) / 2;
        if (!(std::abs(entry_.numeric - mean) <= 1e-3 * gap))
            return;
        entry_.kink = "the function itself, which no op notes,";
        judge_on_kink();
    }

    // The slopes of all outputs on one side of the kink.
    std::vector<Slope> slopes_beside(Stencil stencil, double most) {
        constexpr std::size_t rows = 36;
        const double side = stencil == Stencil::left ? -1 : 1;
        std::vector<BranchChange> unused;
        const double start = std::min(most, clear_step(side, piece(side), unused) / 3);
        std::vector<Slope> all(line_.weights.size());
        if (!(start > 0))
            return all;
        const std::vector<Slopes> found = differences(line_, start, stencil, rows);
        for (std::size_t i = 0; i < all.size(); ++i) {
            std::vector<Slope> own;
            for (const Slopes& row : found)
                own.push_back({row.values[i], row.noise[i], row.step});
            all[i] = extrapolate(own, stencil);
        }
        return all;
    }

    // What the ops decide close to x on that side.
    [[nodiscard]] std::vector<BranchRecord> piece(double side) const {
        const double room = side < 0 ? -line_.low : line_.high;
        double h = std::min(line_.steps.back() / 64, room);
        while (line_.moved(side * h) == 0 && 4 * h < room)
            h *= 4;
        return line_.branches(side * h);
    }

    void judge_on_kink() {
        judge_between(std::numeric_limits<double>::infinity());
        const double step = entry_.verdict == GradcheckVerdict::pass ? 0 : own_step();
        if (step > 0)
            judge_between(step * wide);
    }

    // On the kink: output by output the gradient is one of the slopes or between them. Steps from
    // `most` down.
    void judge_between(double most) {
        std::vector<Slope> left = slopes_beside(Stencil::left, most);
        std::vector<Slope> right = slopes_beside(Stencil::right, most);
        const auto known = [](const std::vector<Slope>& slopes) {
            return std::ranges::none_of(slopes, [](const Slope& s) { return std::isnan(s.value); });
        };
        if (!known(left))
            left = right;
        if (!known(right))
            right = left;
        entry_.on_kink = true;
        if (!known(right)) {
            entry_.verdict = GradcheckVerdict::inconclusive;
            return;
        }
        double low = 0, high = 0, uncertainty = 0;
        entry_.left = entry_.right = 0;
        for (std::size_t i = 0; i < left.size(); ++i) {
            const double w = line_.weights[i];
            const double l = w * left[i].value, r = w * right[i].value;
            low += std::min(l, r);
            high += std::max(l, r);
            entry_.left += l;
            entry_.right += r;
            uncertainty += std::abs(w) * (left[i].uncertainty + right[i].uncertainty);
        }
        take({std::clamp(entry_.analytic, low, high), uncertainty, left.front().step});
        // Where several kinks meet, each op keeps to its own convention and the sum to none. And
        // among equals an op may pick one that no step of this element leads to.
        const std::vector<BranchRecord> before = piece(-1), after = piece(1);
        if (entry_.verdict == GradcheckVerdict::fail &&
            (count_of(changed_branches(before, after)) > 1 ||
             picks_another(line_.branches(0), before, after)))
            entry_.verdict = GradcheckVerdict::inconclusive;
    }

    // Before an accusation: what says Taylor?
    void doubt() {
        // Steps of another size agree with the gradient: the function has a scale of its own there.
        const double gap = entry_.absolute;
        if (std::ranges::any_of(found_, [&](double slope) {
                return std::abs(entry_.analytic - slope) <= 0.01 * gap;
            }))
            entry_.verdict = GradcheckVerdict::inconclusive;
        if (entry_.on_kink || !std::isfinite(entry_.numeric)) {
            if (!std::isfinite(entry_.numeric))
                entry_.verdict = GradcheckVerdict::inconclusive;
            return;
        }
        if (entry_.verdict != GradcheckVerdict::fail)
            return;
        entry_.taylor = taylor_order(line_, entry_.analytic, noise(entry_.step, Stencil::central));
        if (entry_.taylor > 1.75 && entry_.absolute < 100 * entry_.uncertainty)
            entry_.verdict = GradcheckVerdict::inconclusive;
    }

    const Judge& judge_;
    const Line& line_;
    GradcheckEntry& entry_;
    std::vector<GradcheckPoint> sweep_;
    std::vector<double> found_;                               // the slopes at steps of every size
    double rounding_ = 0;                                     // in the plain difference
    double clear_ = std::numeric_limits<double>::infinity();  // there is no kink within it
};

void Judge::judge(const Line& line, GradcheckEntry& entry) const {
    Trial(*this, line, entry).run();
    if (entry.verdict == GradcheckVerdict::pass)
        entry.sweep.clear();
}

bool Judge::hides_kink(const Line& line, GradcheckEntry& entry) const {
    if (stencil_at(line, line.steps.front()) != Stencil::central)
        return false;
    Trial(*this, line, entry).look_beside();
    return entry.on_kink && (std::abs(entry.left) > floor_ || std::abs(entry.right) > floor_);
}

bool Judge::is_blind(const GradcheckEntry& entry) const {
    return entry.uncertainty > options_.tolerance * std::max(1.0, size_) &&
           entry.uncertainty > 0.5 * std::abs(entry.analytic);
}

double Judge::allowed(double analytic, double numeric) const {
    return floor_ + rounding_ +
           options_.tolerance * std::max({std::abs(analytic), std::abs(numeric), 1e-3 * size_});
}

}  // namespace xgrad::detail
