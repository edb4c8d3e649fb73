// A run whose moments come from standard input, for live_test.py: prints the page's address, then
// reads lines "step", "epoch" or "end", and answers each with "ok" when it is shown.
#include <tests/tools/run_support.hpp>
#include <tools/live.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>

using namespace xgrad;

namespace {

void follow(report::LiveView<float>& live) {
    test::FakeRun run;
    run.state.batches = 10;
    run.state.epoch = 1;
    live.on_start(run.state);
    std::cout << live.url() << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "step") {
            ++run.state.batch;
            ++run.state.step;
            run.state.loss = 0.5 / static_cast<double>(run.state.step);
            live.on_step(run.state);
        } else if (line == "epoch") {
            run.epoch(live, 0.5, 0.25);
        } else if (line == "end") {
            run.state.reason = "enough";
            live.on_end(run.state);
        }
        std::cout << "ok" << std::endl;
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        report::LiveOptions options{.title = "A <run>"};
        if (argc > 1)
            options.address = argv[1];
        if (argc > 2)
            options.port = static_cast<std::uint16_t>(std::stoul(argv[2]));
        const auto live = std::make_unique<report::LiveView<float>>(options);
        follow(*live);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
