#include <autograd/fail.hpp>
#include <nn/csv.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xgrad::data {
namespace {

constexpr double most_classes = 1e6;

const Column& column_of(const Table& table, const std::string& name) {
    const auto found = std::ranges::find(table.columns, name, &Column::name);
    if (found == table.columns.end())
        fail<std::invalid_argument>(
            "to_dataset: there is no column \"{}\"; need one of the table's", name);
    return *found;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

// Columns of x: a number's values, a category's codes, or where it has one of its codes.
struct Feature {
    std::string name;
    const Column* column;
    double code = -1;  // of a category that is spread out
};

std::vector<Feature> features_of(const Table& table, const DatasetColumns& columns) {
    std::vector<std::string> names = columns.features;
    if (names.empty()) {
        for (const Column& column : table.columns) {
            if (column.name != columns.label && !is_in(columns.targets, column.name))
                names.push_back(column.name);
        }
    }
    std::vector<Feature> features;
    for (const std::string& name : names) {
        const Column& column = column_of(table, name);
        if (name == columns.label || is_in(columns.targets, name)) {
            fail<std::invalid_argument>(
                "to_dataset: \"{}\" is a feature and what is to be told from the features; need "
                "one of the two",
                name);
        }
        if (column.type == ColumnType::number || !columns.one_hot) {
            features.push_back({name, &column});
            continue;
        }
        for (std::size_t code = 0; code < column.categories.size(); ++code) {
            features.push_back(
                {name + "=" + column.categories[code], &column, static_cast<double>(code)});
        }
    }
    if (features.empty())
        fail<std::invalid_argument>("to_dataset: no features; need at least one");
    return features;
}

template <class T>
T narrow(double value, const Column& column, std::size_t row) {
    const T narrowed = static_cast<T>(value);
    if (std::isinf(narrowed)) {
        fail<std::invalid_argument>(
            "to_dataset: \"{}\" has {} in row {}; need what a float can hold, or doubles",
            column.name,
            value,
            row);
    }
    return narrowed;
}

template <class T>
T value_of(const Feature& feature, std::size_t row) {
    const double value = feature.column->values[row];
    if (feature.code < 0 || std::isnan(value))
        return narrow<T>(value, *feature.column, row);
    return value == feature.code ? T{1} : T{0};
}

void check_there(const Column& column, std::size_t row) {
    if (std::isnan(column.values[row])) {
        fail<std::invalid_argument>(
            "to_dataset: \"{}\" is missing in row {}; need it in every row", column.name, row);
    }
}

template <class T>
Array<T> targets_of(const Table& table, const std::vector<std::string>& names) {
    Array<T> targets = empty<T>({table.rows(), names.size()});
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Column& column = column_of(table, names[i]);
        if (column.type != ColumnType::number)
            fail<std::invalid_argument>(
                "to_dataset: the target \"{}\" is a category; need numbers", column.name);
        for (std::size_t row = 0; row < table.rows(); ++row) {
            check_there(column, row);
            targets.data()[row * names.size() + i] = narrow<T>(column.values[row], column, row);
        }
    }
    return targets;
}

Labels labels_of(const Column& column) {
    Labels labels;
    for (std::size_t row = 0; row < column.values.size(); ++row) {
        check_there(column, row);
        const double value = column.values[row];
        if (value < 0 || value != std::floor(value) || value >= most_classes) {
            fail<std::invalid_argument>(
                "to_dataset: the label \"{}\" is {} in row {}; need a whole number from 0 on, or "
                "the column as a category",
                column.name,
                value,
                row);
        }
        labels.push_back(static_cast<std::int64_t>(value));
    }
    return labels;
}

std::vector<std::string> classes_of(const Column& column, const Labels& labels) {
    if (column.type == ColumnType::category)
        return column.categories;
    std::vector<std::string> names;
    for (std::int64_t i = 0; i <= *std::ranges::max_element(labels); ++i)
        names.push_back(fmt::format("{}", i));
    return names;
}

}  // namespace

template <class T>
NamedDataset<T> to_dataset(const Table& table, const DatasetColumns& columns) {
    if (columns.label.empty() == columns.targets.empty())
        fail<std::invalid_argument>("to_dataset: need a label or targets, and not both");
    if (table.rows() == 0)
        fail<std::invalid_argument>("to_dataset: the table has no rows; need at least one");
    if (!columns.label.empty())
        static_cast<void>(column_of(table, columns.label));
    for (const std::string& name : columns.targets)
        static_cast<void>(column_of(table, name));
    const std::vector<Feature> features = features_of(table, columns);
    Array<T> x = empty<T>({table.rows(), features.size()});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < features.size(); ++i) {
        names.push_back(features[i].name);
        for (std::size_t row = 0; row < table.rows(); ++row)
            x.data()[row * features.size() + i] = value_of<T>(features[i], row);
    }
    if (!columns.targets.empty())
        return {{std::move(x), targets_of<T>(table, columns.targets)}, std::move(names), {}};
    const Column& label = column_of(table, columns.label);
    Labels labels = labels_of(label);
    std::vector<std::string> classes = classes_of(label, labels);
    const std::size_t count = classes.size();
    return {{std::move(x), std::move(labels), count}, std::move(names), std::move(classes)};
}

template NamedDataset<float> to_dataset(const Table&, const DatasetColumns&);
template NamedDataset<double> to_dataset(const Table&, const DatasetColumns&);

}  // namespace xgrad::data
