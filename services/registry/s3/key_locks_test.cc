#include "services/registry/s3/key_locks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ropewalk {
namespace {

TEST(KeyLocks, GiveANameToOneAtATime) {
  KeyLocks locks;
  std::atomic<int> holders = 0;
  std::atomic<int> clashes = 0;
  int held = 0;  // By whoever holds the lock.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        const KeyLocks::Lock lock(&locks, "a");
        if (++holders > 1) ++clashes;
        ++held;
        std::this_thread::yield();
        --holders;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clashes, 0);
  EXPECT_EQ(held, 2000);
}

TEST(KeyLocks, MakeNoNameWaitForAnother) {
  KeyLocks locks;
  const KeyLocks::Lock one(&locks, "a");
  const KeyLocks::Lock other(&locks, "b");
  std::thread thread([&] { const KeyLocks::Lock third(&locks, "c"); });
  thread.join();
}

}  // namespace
}  // namespace ropewalk
