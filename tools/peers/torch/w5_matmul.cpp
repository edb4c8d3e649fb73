// W5: forward + backward of sum(A @ B), square, both operands differentiated.
#include "bench.h"
template <class T>
static void run(const char* p, torch::Dtype dt, int n) {
    std::string name = std::string(p) + "_n" + std::to_string(n);
    if (!bench::wanted(name))
        return;
    auto a = bench::filled({n, n}, 1, 0, 1, dt).requires_grad_(),
         b = bench::filled({n, n}, 2, 0, 1, dt).requires_grad_();
    auto s = bench::sample([&] {
        bench::no_grad_left({a, b});
        torch::matmul(a, b).sum().backward();
    });
    bench::report(
        "W5",
        name,
        "us",
        1e3,
        s,
        bench::kv("cpu_gflops", 6.0 * n * n * n / s.cpu_med) +
            bench::kv("grad", bench::magnitude(a.grad())));
}
int main() {
    bench::init();
    for (int n : {64, 256, 512, 1024})
        run<float>("f32", torch::kFloat, n);
    for (int n : {64, 256, 512, 1024})
        run<double>("f64", torch::kDouble, n);
}
