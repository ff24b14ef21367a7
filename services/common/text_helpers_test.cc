#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "services/common/backoff.h"
#include "services/common/listen_address.h"
#include "services/common/nearest_name.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

TEST(ListenAddress, SplitsHostAndPort) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7070")->port, 7070);
  EXPECT_EQ(ParseHostPort("localhost:0")->host, "localhost");
  EXPECT_EQ(ParseHostPort("[::1]:7070")->host, "::1");
}

TEST(ListenAddress, RefusesWhatIsNotHostAndPort) {
  for (const char* address :
       {"", "127.0.0.1", ":7070", "host:", "host:x", "host:65536", "host:-1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostPort(address).status())) << address;
  }
}

TEST(ListenAddress, OnlyLoopbackIsFree) {
  EXPECT_TRUE(CheckListenAddress("127.0.0.1:1", false).ok());
  EXPECT_TRUE(CheckListenAddress("127.8.9.1:1", false).ok());
  EXPECT_TRUE(CheckListenAddress("[::1]:1", false).ok());
  for (const char* address : {"0.0.0.0:1", "[::]:1", "192.168.0.5:1", "example.org:1"}) {
    const absl::Status status = CheckListenAddress(address, false);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << address;
    EXPECT_THAT(status.message(), HasSubstr("--insecure"));
    EXPECT_TRUE(CheckListenAddress(address, true).ok()) << address;
  }
}

TEST(NearestName, FindsTypingErrors) {
  const std::vector<std::string> known = {"learning_rate", "epochs", "seed"};
  EXPECT_EQ(NearestName("learnig_rate", known), "learning_rate");
  EXPECT_EQ(NearestName("eopchs", known), "epochs");
  EXPECT_EQ(NearestName("seeds", known), "seed");
  EXPECT_EQ(DidYouMean("epoch", known), " (did you mean 'epochs'?)");
}

TEST(NearestName, DoesNotGuessWildly) {
  EXPECT_EQ(NearestName("banana", {"epochs", "seed"}), "");
  EXPECT_EQ(NearestName("", {"epochs"}), "");
  EXPECT_EQ(NearestName(std::string(100'000, 'x'), {std::string(100'000, 'x')}), "");
  EXPECT_EQ(DidYouMean("banana", {}), "");
}

TEST(Backoff, DoublesToTheMaximumAndStartsAgain) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(1), /*seed=*/7);
  absl::Duration ceiling = absl::Milliseconds(100);
  for (int i = 0; i < 8; ++i) {
    const absl::Duration delay = backoff.Next();
    EXPECT_GE(delay, ceiling / 2);
    EXPECT_LE(delay, ceiling);
    ceiling = std::min(ceiling * 2, absl::Seconds(1));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

TEST(Backoff, IsFixedByItsSeed) {
  Backoff one(absl::Seconds(1), absl::Seconds(9), 3);
  Backoff same(absl::Seconds(1), absl::Seconds(9), 3);
  Backoff other(absl::Seconds(1), absl::Seconds(9), 4);
  const absl::Duration delay = one.Next();
  EXPECT_EQ(delay, same.Next());
  EXPECT_NE(delay, other.Next());
}

}  // namespace
}  // namespace ropewalk
