// A way to make a file that is there fail to open, whoever runs the tests.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

namespace xgrad::test {

/// While it lives, nobody may read `file`, root neither: root, whom no rights stop, is then another
/// user. `folder`, which holds the file, must be all that keeps others from it.
class HeededRights {
public:
    HeededRights(const std::filesystem::path& folder, const std::filesystem::path& file)
        : is_root_(::geteuid() == 0) {
        using std::filesystem::perms;
        std::filesystem::permissions(
            folder, perms::owner_all | perms::group_exec | perms::others_exec);
        std::filesystem::permissions(file, perms::none);
        if (is_root_)
            WARN(::seteuid(65534) == 0);
    }
    HeededRights(const HeededRights&) = delete;
    HeededRights& operator=(const HeededRights&) = delete;
    ~HeededRights() {
        if (is_root_)
            WARN(::seteuid(0) == 0);
    }

private:
    bool is_root_;
};

}  // namespace xgrad::test
