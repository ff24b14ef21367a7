#include "worker/train/memory_at_hand.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "worker/model/testing/tiny_model.h"

namespace ropewalk {
namespace {

using testing::TemporaryFolder;
using Files = std::map<std::string, std::string>;

constexpr char kMemInfo[] = "MemTotal:       16000 kB\nMemAvailable:    8000 kB\nCached: 1 kB\n";

TEST(MemoryAtHand, IsWhatLinuxSays) {
  const TemporaryFolder root(Files{{"proc/meminfo", kMemInfo}});
  EXPECT_EQ(MemoryAtHand(root.path()), 8000 * 1024);
}

TEST(MemoryAtHand, IsWhatTheTightestCgroupLeaves) {
  const TemporaryFolder root(
      {{"proc/meminfo", kMemInfo},
       {"proc/self/cgroup", "4:memory:/old\n0::/pods/worker\n"},
       {"sys/fs/cgroup/pods/worker/memory.max", "max\n"},
       {"sys/fs/cgroup/pods/worker/memory.current", "5000\n"},
       {"sys/fs/cgroup/pods/memory.max", "9000\n"},
       {"sys/fs/cgroup/pods/memory.current", "7000\n"},
       {"sys/fs/cgroup/pods/memory.stat", "anon 5000\ninactive_file 300\nactive_file 200\n"}});
  EXPECT_EQ(MemoryAtHand(root.path()), 9000 - 7000 + 500);
}

TEST(MemoryAtHand, IsWhatAContainerLeavesThatSeesItselfAsTheRoot) {
  const TemporaryFolder root(Files{{"proc/meminfo", kMemInfo},
                                   {"proc/self/cgroup", "0::/\n"},
                                   {"sys/fs/cgroup/memory.max", "9000\n"},
                                   {"sys/fs/cgroup/memory.current", "9500\n"}});
  EXPECT_EQ(MemoryAtHand(root.path()), 0);
}

TEST(MemoryAtHand, MayBeUnknown) {
  EXPECT_EQ(MemoryAtHand(TemporaryFolder(Files()).path()), std::nullopt);
}

TEST(MemoryAtHand, IsKnownOfThisMachine) { EXPECT_GT(MemoryAtHand().value_or(0), 0); }

}  // namespace
}  // namespace ropewalk
