#include "worker/ring/ring_poller.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/time/clock.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

class RingPollerTest : public testing::Test {
 protected:
  RingPollerTest() {
    grpc::ServerBuilder builder;
    poller_ = std::make_unique<RingPoller>(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
  }

  ~RingPollerTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
    poller_.reset();
  }

  // Makes `event` happen now.
  void Trigger(RingEvent* event) {
    alarm_.Set(poller_->queue(), std::chrono::system_clock::now(), event);
  }

  std::unique_ptr<RingPoller> poller_;
  std::unique_ptr<grpc::Server> server_;
  grpc::Alarm alarm_;
};

TEST_F(RingPollerTest, WhoeverWaitsHandlesTheEvents) {
  std::thread::id handler;
  RingEvent event = [&](bool ok) {
    EXPECT_TRUE(ok);
    handler = std::this_thread::get_id();
  };
  bool triggered = false;
  const bool happened = poller_->PollUntil(
      [&] {
        if (!std::exchange(triggered, true)) Trigger(&event);
        return handler != std::thread::id();
      },
      absl::Now() + kPatience);
  EXPECT_TRUE(happened);
  EXPECT_EQ(handler, std::this_thread::get_id());
}

TEST_F(RingPollerTest, TheAttendantDoesWhileNobodyWaits) {
  std::promise<std::thread::id> handler;
  RingEvent event = [&](bool) { handler.set_value(std::this_thread::get_id()); };
  Trigger(&event);
  EXPECT_NE(handler.get_future().get(), std::this_thread::get_id());
}

TEST_F(RingPollerTest, WaitsNoLongerThanItMay) {
  EXPECT_FALSE(poller_->PollUntil([] { return false; }, absl::Now() + absl::Milliseconds(1)));
}

TEST_F(RingPollerTest, AnotherThreadMayEndTheWait) {
  std::atomic<bool> done = false;
  std::atomic<bool> waiting = false;
  std::thread other([&] {
    while (!waiting) std::this_thread::yield();
    done = true;
    poller_->Wake();
  });
  const absl::Time start = absl::Now();
  EXPECT_TRUE(poller_->PollUntil(
      [&] {
        waiting = true;
        return done.load();
      },
      start + kPatience));
  EXPECT_LT(absl::Now() - start, kPatience);
  other.join();
}

TEST_F(RingPollerTest, ThreadsTakeTurns) {
  std::atomic<int> done = 0;
  std::thread other([&] {
    EXPECT_FALSE(poller_->PollUntil([] { return false; }, absl::Now() + absl::Milliseconds(5)));
    ++done;
  });
  EXPECT_FALSE(poller_->PollUntil([] { return false; }, absl::Now() + absl::Milliseconds(5)));
  other.join();
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace ropewalk
