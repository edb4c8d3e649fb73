#include <autograd/caches.hpp>
#include <autograd/kernels.hpp>
#include <autograd/parallel.hpp>
#include <ops/fused_call.hpp>

#include <algorithm>
#include <vector>

namespace xgrad::detail {

namespace {

constexpr std::size_t line_bytes = 64, block_bytes = 2048;
template <class T>
constexpr std::size_t most_in_block = block_bytes / sizeof(T);

// Where all rows are one, it is cut into parts whose length is fixed, so that no sum depends on the
// number of threads.
constexpr std::size_t part_columns = 32768;

template <class T>
std::vector<const Shape*> shapes_of(std::span<const Array<T>* const> inputs) {
    std::vector<const Shape*> shapes;
    for (const Array<T>* input : inputs)
        shapes.push_back(&input->shape());
    return shapes;
}

}  // namespace

// In the first cache.
template <class T>
struct FusedCall<T>::Buffers {
    Buffers() {}  // uninitialised
    alignas(line_bytes) T x[most_fused_inputs][most_in_block<T>];
    alignas(line_bytes) T dx[most_fused_inputs][most_in_block<T>];
    alignas(line_bytes) T g[most_in_block<T>], y[most_in_block<T>];
};

template <class T>
FusedCall<T>::FusedCall(
    const FusedFormula<T>& formula,
    const void* f,
    const Shape& shape,
    std::span<const Array<T>* const> inputs)
    : formula_(formula),
      f_(f),
      count_(inputs.size()),
      loops_(shape, shapes_of(inputs)) {
    for (std::size_t k = 0; k < count_; ++k) {
        inputs_[k] = inputs[k];
        const bool constant = loops_.column_stride(k) == 0, whole = inputs[k]->size() == size();
        share_[k] = constant ? Share::sum : whole ? Share::store : Share::add;
    }
    // A row, or a part of one, waits for its stores, which has to be little beside them. With less
    // than a line a store, the lines that several outputs have under way push each other out
    // half-written; and Intel's processors are slower at several such outputs in turn.
    constexpr std::size_t least = 1024;
    past_caches_ = formula.batch * sizeof(T) == line_bytes && columns() >= least &&
                   detail::past_caches<T>(size()) && !__builtin_cpu_is("intel");
}

template <class T>
std::size_t FusedCall<T>::parts() const noexcept {
    return (columns() + part_columns - 1) / part_columns;
}

template <class T>
std::size_t FusedCall<T>::at(std::size_t k, std::size_t row, std::size_t column) const noexcept {
    const std::size_t in_row = column * loops_.column_stride(k);
    if (loops_.outer() == 1)
        return row * loops_.row_stride(k) + in_row;
    const std::size_t rows = loops_.rows();
    return loops_.offset(k, row / rows) + row % rows * loops_.row_stride(k) + in_row;
}

// body(block) for these rows, one after the other: several short ones at once, others by columns.
template <class T>
template <class Body>
void FusedCall<T>::each_block(std::size_t begin, std::size_t end, const Body& body) const {
    constexpr std::size_t short_row = 128;
    if (columns() >= short_row) {
        for (std::size_t row = begin; row < end; ++row)
            each_block_of_columns(row, 0, columns(), body);
        return;
    }
    std::size_t rows = most_in_block<T> / columns();
    if (rows > formula_.batch)
        rows -= rows % formula_.batch;  // so that they are whole batches
    for (std::size_t row = begin; row < end; row += rows)
        body(Block{row, 0, std::min(rows, end - row), columns()});
}

// The same for a row's columns: whole batches as far as there are some.
template <class T>
template <class Body>
void FusedCall<T>::each_block_of_columns(
    std::size_t row, std::size_t begin, std::size_t end, const Body& body) const {
    for (std::size_t column = begin, n; column < end; column += n) {
        n = std::min(most_in_block<T>, end - column);
        if (n > formula_.batch)
            n -= n % formula_.batch;
        body(Block{row, column, 1, n});
    }
}

template <class T>
template <class Body>
void FusedCall<T>::each_block_of_part(std::size_t part, const Body& body) const {
    const std::size_t begin = part * part_columns;
    each_block_of_columns(0, begin, std::min(begin + part_columns, columns()), body);
}

template <class T>
template <class Body>
void FusedCall<T>::each_block_on_all_threads(const Body& body) const {
    if (rows() == 1) {
        parallel_tasks(parts(), [&](std::size_t i) {
            Buffers buffers;
            each_block_of_part(i, [&](const Block& block) { body(block, buffers); });
            drain<T>(past_caches_);
        });
        return;
    }
    const std::size_t least = 1 + part_columns / columns();
    parallel_ranges(rows(), least, [&](std::size_t begin, std::size_t end) {
        Buffers buffers;
        each_block(begin, end, [&](const Block& block) { body(block, buffers); });
        drain<T>(past_caches_);
    });
}

template <class T>
void FusedCall<T>::forward(T* y) const {
    each_block_on_all_threads(
        [&](const Block& block, Buffers& buffers) { values(block, y, buffers); });
}

template <class T>
void FusedCall<T>::forward(T* y, const Outputs& d) const {
    constexpr T one = 1;
    each_block_on_all_threads([&](const Block& block, Buffers& buffers) {
        Sums none{};
        shares(block, {&one, true}, d, y, none, buffers);
    });
}

template <class T>
void FusedCall<T>::scale(const Array<T>& of, const Outputs& d) const {
    const Gradient g = gradient_of(of);
    parallel_ranges(size(), part_columns, [&](std::size_t begin, std::size_t end) {
        for (T* to : d) {
            if (to)
                kernels<TapeKernels<T>>().multiply_into(
                    to + begin, g.one ? g.at : g.at + begin, end - begin, g.one);
        }
    });
}

template <class T>
void FusedCall<T>::backward(const Array<T>& of, const Outputs& dx) const {
    const Gradient g = gradient_of(of);
    if (rows() > 1) {
        backward_rows(g, dx);
        return;
    }
    std::vector<Sums> sums(parts());
    parallel_tasks(sums.size(), [&](std::size_t i) {
        Buffers buffers;
        sums[i] = {};
        each_block_of_part(
            i, [&](const Block& block) { shares(block, g, dx, nullptr, sums[i], buffers); });
        drain<T>(past_caches_);
    });
    for (Sums& part : sums)
        add(0, part, dx);
}

// n numbers, made whole batches: those past them repeat the last, which is in f's domain.
template <class T>
FusedInput<T> FusedCall<T>::whole_batches(const T* x, std::size_t n, T* buffer) const {
    const std::size_t over = n % formula_.batch;
    if (over == 0)
        return {x, ~std::size_t{0}};
    if (x != buffer)
        std::copy_n(x, n, buffer);
    std::fill_n(buffer + n, formula_.batch - over, buffer[n - 1]);
    return {buffer, ~std::size_t{0}};
}

template <class T>
FusedInput<T> FusedCall<T>::constant(const T* x, T* buffer) const {
    std::fill_n(buffer, formula_.batch, *x);
    return {buffer, 0};
}

template <class T>
FusedInput<T> FusedCall<T>::input(std::size_t k, const Block& block, T* buffer) const {
    const T* const x = inputs_[k]->data();
    if (share_[k] == Share::store)
        return whole_batches(x + at(block), block.size(), buffer);
    if (block.rows == 1) {
        const T* const row = x + at(k, block.row, block.column);
        return share_[k] == Share::sum ? constant(row, buffer)
                                       : whole_batches(row, block.columns, buffer);
    }
    // As many rows at once as follow each other evenly.
    const std::size_t even = loops_.outer() == 1 ? block.rows : 1;
    for (std::size_t r = 0; r < block.rows; r += even) {
        kernels<TapeKernels<T>>().repeat(
            buffer + r * block.columns,
            x + at(k, block.row + r, 0),
            even,
            block.columns,
            loops_.row_stride(k),
            share_[k] == Share::sum,
            false);
    }
    return whole_batches(buffer, block.size(), buffer);
}

// Where a block of an array of the output's shape is computed.
template <class T>
T* FusedCall<T>::room(const Block& block, T* array, T* buffer) const {
    const bool whole = block.size() % formula_.batch == 0;
    return array && whole && !past_caches_ ? array + at(block) : buffer;
}

template <class T>
void FusedCall<T>::values(const Block& block, T* y, Buffers& buffers) const {
    FusedInput<T> x[most_fused_inputs];
    for (std::size_t k = 0; k < count_; ++k)
        x[k] = input(k, block, buffers.x[k]);
    T* const to = room(block, y, buffers.y);
    formula_.values(f_, x, to, block.size());
    store(block, y, to);
}

// The shares into dx, but what goes to one number along a row into `sums`, and y where it is not
// null.
template <class T>
void FusedCall<T>::shares(
    const Block& block, Gradient g, const Outputs& dx, T* y, Sums& sums, Buffers& buffers) const {
    FusedInput<T> x[most_fused_inputs];
    T* to[most_fused_inputs];
    for (std::size_t k = 0; k < count_; ++k) {
        x[k] = input(k, block, buffers.x[k]);
        to[k] = room(block, share_[k] == Share::store ? dx[k] : nullptr, buffers.dx[k]);
    }
    const FusedInput<T> gradient = g.one ? constant(g.at, buffers.g)
                                         : whole_batches(g.at + at(block), block.size(), buffers.g);
    T* const out = room(block, y, buffers.y);
    formula_.shares(f_, x, gradient, out, to, block.size());
    store(block, y, out);
    for (std::size_t k = 0; k < count_; ++k) {
        if (!dx[k] || !has_partial(k))
            continue;
        if (share_[k] == Share::store)
            store(block, dx[k], to[k]);
        else
            add(k, block, dx[k], sums[k], to[k]);
    }
}

// What was computed in a buffer goes to its array.
template <class T>
void FusedCall<T>::store(const Block& block, T* array, const T* from) const {
    if (!array || from == array + at(block))
        return;
    if (past_caches_)
        kernels<TapeKernels<T>>().repeat(array + at(block), from, 1, block.size(), 0, false, true);
    else
        std::copy_n(from, block.size(), array + at(block));
}

// Input k's shares, of a block, to where they add up.
template <class T>
void FusedCall<T>::add(
    std::size_t k, const Block& block, T* dx, double& sum, const T* shares) const {
    const auto& of = kernels<TapeKernels<T>>();
    T sums[most_in_block<T>];
    if (share_[k] == Share::add && block.rows > 1 && loops_.outer() == 1) {  // one row, repeated
        of.sum_columns(sums, shares, block.rows, block.columns, block.columns);
        of.add_into(dx, sums, block.columns);
        return;
    }
    if (share_[k] == Share::add) {
        for (std::size_t r = 0; r < block.rows; ++r) {
            of.add_into(
                dx + at(k, block.row + r, block.column), shares + r * block.columns, block.columns);
        }
        return;
    }
    of.sum_rows(sums, shares, block.rows, block.columns);
    if (block.rows == 1) {
        sum += static_cast<double>(sums[0]);
        return;
    }
    for (std::size_t r = 0; r < block.rows; ++r)
        dx[at(k, block.row + r, 0)] += sums[r];
}

// A row's sums, to where they belong.
template <class T>
void FusedCall<T>::add(std::size_t row, Sums& sums, const Outputs& dx) const noexcept {
    for (std::size_t k = 0; k < count_; ++k) {
        if (dx[k] && share_[k] == Share::sum)
            dx[k][at(k, row, 0)] += static_cast<T>(sums[k]);
    }
    sums = {};
}

// In how many groups of rows backward goes: each adds up on its own, in arrays that have to be
// few beside the output.
template <class T>
std::size_t FusedCall<T>::groups_of_rows(const Outputs& dx) const noexcept {
    constexpr std::size_t most = 8, least = std::size_t{1} << 17;  // elements
    std::size_t own = 0;
    for (std::size_t k = 0; k < count_; ++k) {
        if (dx[k] && share_[k] != Share::store)
            own += inputs_[k]->size();
    }
    const std::size_t count = std::min({size() / least, rows(), most});
    return count < 2 || own * most > size() ? 1 : count;
}

template <class T>
void FusedCall<T>::backward_rows(Gradient g, const Outputs& dx) const {
    const auto run = [&](std::size_t begin, std::size_t end, const Outputs& to) {
        Buffers buffers;
        Sums sums{};
        each_block(begin, end, [&](const Block& block) {
            shares(block, g, to, nullptr, sums, buffers);
            if (block.rows == 1 && block.column + block.columns == columns())
                add(block.row, sums, to);
        });
        drain<T>(past_caches_);
    };
    const std::size_t count = groups_of_rows(dx), each = (rows() + count - 1) / count;
    if (count == 1) {
        run(0, rows(), dx);
        return;
    }
    std::vector<std::array<Array<T>, most_fused_inputs>> own(count);
    parallel_tasks(count, [&](std::size_t i) {
        Outputs to = dx;
        for (std::size_t k = 0; k < count_; ++k) {
            if (!dx[k] || share_[k] == Share::store)
                continue;
            own[i][k] = Array<T>(inputs_[k]->shape(), T(0));
            to[k] = own[i][k].data();
        }
        run(std::min(rows(), i * each), std::min(rows(), (i + 1) * each), to);
    });
    for (std::size_t k = 0; k < count_; ++k) {
        if (!dx[k] || share_[k] == Share::store)
            continue;
        for (const auto& arrays : own)
            kernels<TapeKernels<T>>().add_into(dx[k], arrays[k].data(), inputs_[k]->size());
    }
}

template class FusedCall<float>;
template class FusedCall<double>;

}  // namespace xgrad::detail
