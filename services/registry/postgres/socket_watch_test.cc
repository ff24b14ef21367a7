#include "services/registry/postgres/socket_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace ropewalk {
namespace {

class SocketWatchTest : public ::testing::Test {
 protected:
  SocketWatchTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_), 0); }
  ~SocketWatchTest() override {
    close(sockets_[0]);
    close(sockets_[1]);
  }

  // Whether there is something to read, or an end, within so many milliseconds.
  bool Readable(int timeout_ms) {
    pollfd socket{sockets_[0], POLLIN, 0};
    return poll(&socket, 1, timeout_ms) == 1;
  }

  int sockets_[2] = {-1, -1};
  SocketWatch watch_;
};

TEST_F(SocketWatchTest, ShutsASocketDownWhenItsTimeIsUp) {
  const SocketWatch::Guard guard(&watch_, sockets_[0], absl::Milliseconds(20));
  ASSERT_TRUE(Readable(10'000));
  char byte;
  EXPECT_EQ(read(sockets_[0], &byte, 1), 0);
  EXPECT_TRUE(guard.expired());
}

TEST_F(SocketWatchTest, LeavesOneAloneThatIsNotWatchedAnyMore) {
  {
    const SocketWatch::Guard guard(&watch_, sockets_[0], absl::Milliseconds(50));
    EXPECT_FALSE(guard.expired());
  }
  EXPECT_FALSE(Readable(150));
}

TEST_F(SocketWatchTest, HeedsAShorterTimeThatComesLater) {
  const SocketWatch::Guard longer(&watch_, sockets_[1], absl::Hours(1));
  const SocketWatch::Guard shorter(&watch_, sockets_[0], absl::Milliseconds(20));
  EXPECT_TRUE(Readable(10'000));
  EXPECT_TRUE(shorter.expired());
  EXPECT_FALSE(longer.expired());
}

}  // namespace
}  // namespace ropewalk
