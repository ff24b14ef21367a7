#include "worker/agent/local_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ropewalk {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Not;
using ::testing::StartsWith;

TEST(LocalAddress, TowardsLoopbackIsLoopback) {
  const auto address = AddressTowards("127.0.0.1:7070");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(*address, "127.0.0.1");
}

TEST(LocalAddress, OfAServerOnOneInterfaceIsThatInterface) {
  EXPECT_THAT(*ReachableAddresses("127.0.0.1:0", 7090, "127.0.0.1:7070"),
              ElementsAre("127.0.0.1:7090"));
}

TEST(LocalAddress, OfAServerOnAnyInterfaceBeginsWithTheOneTowardsThePeer) {
  const auto addresses = ReachableAddresses("0.0.0.0:0", 7090, "127.0.0.1:7070");
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_EQ(addresses->front(), "127.0.0.1:7090");
}

TEST(LocalAddress, OfOtherInterfacesAreNeitherLoopbackNorRepeated) {
  const auto addresses = ReachableAddresses("[::]:0", 7090, "127.0.0.1:7070");
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  const std::vector<std::string> others(addresses->begin() + 1, addresses->end());
  EXPECT_THAT(others, Each(Not(StartsWith("127."))));
  EXPECT_THAT(others, Each(Not(StartsWith("[::1]"))));
  EXPECT_THAT(others, Each(EndsWith(":7090")));
  const std::set<std::string> distinct(addresses->begin(), addresses->end());
  EXPECT_EQ(distinct.size(), addresses->size());
}

TEST(LocalAddress, UnresolvablePeerIsAnError) {
  EXPECT_EQ(AddressTowards("no-such-host.invalid:1").status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ropewalk
