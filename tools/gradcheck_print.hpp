// Internal to the gradcheck program: what it prints.
#pragma once

#include <tools/gradcheck_op.hpp>
#include <tools/gradcheck_power.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xgrad {

/// A bar on the terminal that names the op under way. Nothing where stderr is no terminal.
class Progress {
public:
    explicit Progress(std::size_t total);
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void show(std::size_t done, const std::string& name) const;
    void clear() const;

private:
    std::size_t total_;
    bool on_;
};

/// The ops with the shapes of their samples.
void print_list(const std::vector<const Op*>& ops);

void print_header(int order);
/// A line, the checks that passed or were skipped where `is_verbose`, and what is wrong.
void print_op(const OpReport& report, int order, bool is_verbose);
void print_summary(const std::vector<OpReport>& reports, double seconds);

void print_power_header();
void print_power(const PowerReport& report);
void print_power_summary(const std::vector<PowerReport>& reports);

}  // namespace xgrad
