#include "worker/agent/local_address.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TEST(LocalAddress, TowardsLoopbackIsLoopback) {
  const auto address = AddressTowards("127.0.0.1:7070");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(*address, "127.0.0.1");
}

TEST(LocalAddress, OfAServerOnOneInterfaceIsThatInterface) {
  EXPECT_EQ(*ReachableAddress("127.0.0.1:0", 7090, "127.0.0.1:7070"), "127.0.0.1:7090");
}

TEST(LocalAddress, OfAServerOnAnyInterfaceIsTheOneTowardsThePeer) {
  EXPECT_EQ(*ReachableAddress("0.0.0.0:0", 7090, "127.0.0.1:7070"), "127.0.0.1:7090");
}

TEST(LocalAddress, UnresolvablePeerIsAnError) {
  EXPECT_EQ(AddressTowards("no-such-host.invalid:1").status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ropewalk
