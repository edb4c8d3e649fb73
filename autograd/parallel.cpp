#include <autograd/parallel.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace xgrad {
namespace {

std::atomic<std::size_t> wanted_threads{1};

// Workers sleep between jobs: spinning would take a core from whoever else uses the machine.
class Workers {
public:
    void run(std::size_t helpers, std::size_t tasks, detail::FunctionRef<std::size_t> task) {
        const std::lock_guard one_job(job_mutex_);
        {
            const std::lock_guard lock(mutex_);
            while (threads_.size() < helpers)
                threads_.emplace_back([this] { loop(); });
            task_ = &task;
            tasks_ = tasks;
            next_.store(0, std::memory_order_relaxed);
            working_ = 0;
            open_ = true;
            ++job_;
        }
        wake_.notify_all();
        take_tasks(task, tasks);
        std::unique_lock lock(mutex_);
        open_ = false;
        done_.wait(lock, [this] { return working_ == 0; });
    }

    ~Workers() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
    }

private:
    void take_tasks(detail::FunctionRef<std::size_t> task, std::size_t tasks) {
        for (std::size_t i; (i = next_.fetch_add(1)) < tasks;)
            task(i);
    }

    void loop() {
        std::size_t seen = 0;
        std::unique_lock lock(mutex_);
        while (true) {
            wake_.wait(lock, [&] { return stop_ || (open_ && job_ != seen); });
            if (stop_)
                return;
            seen = job_;
            const auto task = *task_;
            const std::size_t tasks = tasks_;
            ++working_;
            lock.unlock();
            take_tasks(task, tasks);
            lock.lock();
            if (--working_ == 0)
                done_.notify_one();
        }
    }

    std::mutex job_mutex_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::vector<std::thread> threads_;
    const detail::FunctionRef<std::size_t>* task_ = nullptr;
    std::size_t tasks_ = 0;
    std::atomic<std::size_t> next_{0};
    std::size_t working_ = 0;
    std::size_t job_ = 0;
    bool open_ = false;
    bool stop_ = false;
};

thread_local bool inside_task = false;

}  // namespace

void set_num_threads(std::size_t n) {
    if (n == 0)
        throw std::invalid_argument("set_num_threads: n is 0; need at least 1");
    wanted_threads = n;
}

std::size_t num_threads() noexcept { return wanted_threads; }

void detail::parallel_tasks(std::size_t tasks, FunctionRef<std::size_t> task) {
    const std::size_t threads = std::min<std::size_t>(wanted_threads, tasks);
    if (threads <= 1 || inside_task) {
        for (std::size_t i = 0; i < tasks; ++i)
            task(i);
        return;
    }
    static Workers workers;
    std::mutex mutex;
    std::exception_ptr failure;
    workers.run(threads - 1, tasks, [&](std::size_t i) {
        inside_task = true;
        try {
            task(i);
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure)
                failure = std::current_exception();
        }
        inside_task = false;
    });
    if (failure)
        std::rethrow_exception(failure);
}

void detail::parallel_ranges(
    std::size_t n, std::size_t grain, FunctionRef<std::size_t, std::size_t> body) {
    const std::size_t pieces =
        std::min<std::size_t>(wanted_threads, n / std::max<std::size_t>(grain, 1));
    if (pieces <= 1) {
        body(0, n);
        return;
    }
    const std::size_t each = (n + pieces - 1) / pieces;
    parallel_tasks(pieces, [&](std::size_t i) {
        const std::size_t begin = std::min(n, i * each);
        const std::size_t end = std::min(n, begin + each);
        if (begin < end)
            body(begin, end);
    });
}

}  // namespace xgrad
