#include <tools/gradcheck_report.hpp>
#include <tools/report_training.hpp>

namespace xgrad::report {

GradientTable gradients_of(const GradcheckReport& report) {
    GradientTable table{report.ok(), 0, {}, report.to_string()};
    if (report.orders.empty())
        return table;
    const GradcheckOrder& first = report.orders.front();
    table.norm_ratio = first.norm_ratio;
    for (const GradcheckInput& input : first.inputs) {
        GradientTable::Row row{input.name, to_string(input.shape), input.checked, input.norm_ratio};
        if (input.checked > 0)
            row.worst = input.worst.relative;
        row.verdict = describe(norm_band(input.norm_ratio));
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace xgrad::report
