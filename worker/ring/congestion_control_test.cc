#include "worker/ring/congestion_control.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TEST(CongestionControl, KnowsWhatIsNearby) {
  for (const char* near : {"127.0.0.1:7001", "10.1.2.3:1", "172.16.0.1:1", "172.31.255.1:1",
                           "192.168.7.8:1", "[::1]:1", "[fd00::1]:1", "localhost:7001"}) {
    EXPECT_TRUE(IsNearby(near)) << near;
  }
  for (const char* far : {"8.8.8.8:1", "172.15.0.1:1", "172.32.0.1:1", "192.169.0.1:1",
                          "[2001:db8::1]:1", "example.org:1", "nonsense"}) {
    EXPECT_FALSE(IsNearby(far)) << far;
  }
}

}  // namespace
}  // namespace ropewalk
