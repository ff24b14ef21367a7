#include "worker/ring/state_transfer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/tcp_fault_proxy.h"
#include "worker/ring/testing/ring_members.h"

namespace ropewalk {
namespace {

constexpr char kJob[] = "jobs/test";
constexpr absl::Duration kPatience = absl::Seconds(20);

std::shared_ptr<const std::string> StateOf(int64_t bytes) {
  std::string state(bytes, '\0');
  for (int64_t i = 0; i < bytes; ++i) state[i] = static_cast<char>(i * 31 + i / 1000);
  return std::make_shared<const std::string>(std::move(state));
}

// Long enough to be answered on a busy machine.
constexpr absl::Duration kShortPatience = absl::Seconds(2);

class StateTransferTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> Pull(int64_t step, absl::Duration patience = kPatience,
                                   RingCancellation* cancellation = nullptr) {
    return PullState(member_.address(), kJob, 1, step, patience, cancellation);
  }

  Member member_;
};

TEST_F(StateTransferTest, BringsAStateOfAnySize) {
  for (int64_t bytes : {0, 1, 1 << 20, (3 << 20) + 17}) {
    const auto state = StateOf(bytes);
    member_.endpoint()->OfferState(kJob, 7, state);
    const absl::StatusOr<std::string> pulled = Pull(7);
    ASSERT_TRUE(pulled.ok()) << pulled.status();
    EXPECT_TRUE(*pulled == *state) << bytes << " bytes";
  }
}

TEST_F(StateTransferTest, KeepsTheLastTwoOffers) {
  for (int64_t step : {7, 8, 9}) member_.endpoint()->OfferState(kJob, step, StateOf(step));
  EXPECT_TRUE(Pull(8).ok());
  EXPECT_TRUE(Pull(9).ok());
  EXPECT_TRUE(absl::IsNotFound(Pull(7, kShortPatience).status()));
}

TEST_F(StateTransferTest, AnotherJobIsAborted) {
  member_.endpoint()->OfferState("jobs/other", 7, StateOf(10));
  const absl::Status status = Pull(7, kShortPatience).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
}

TEST_F(StateTransferTest, WithdrawnStatesAreGone) {
  member_.endpoint()->OfferState(kJob, 7, StateOf(10));
  member_.endpoint()->WithdrawStates();
  EXPECT_FALSE(Pull(7, kShortPatience).ok());
}

TEST_F(StateTransferTest, WaitsForAnOfferThatIsStillToCome) {
  absl::StatusOr<std::string> pulled;
  std::thread puller([&] { pulled = Pull(7); });
  member_.endpoint()->OfferState(kJob, 7, StateOf(10));
  puller.join();
  EXPECT_TRUE(pulled.ok()) << pulled.status();
}

TEST_F(StateTransferTest, GoesOnWhereABrokenStreamEnded) {
  const auto state = StateOf(24 << 20);
  member_.endpoint()->OfferState(kJob, 7, state);
  const auto proxy = TcpFaultProxy::Start(member_.port()).value();
  proxy->CutAfterServerBytes(9 << 20);
  const absl::StatusOr<std::string> pulled =
      PullState(absl::StrCat("127.0.0.1:", proxy->port()), kJob, 1, 7, kPatience);
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  EXPECT_TRUE(*pulled == *state);
  EXPECT_EQ(proxy->connections_accepted(), 2);
}

TEST_F(StateTransferTest, GivesUpOnAWorkerThatStalls) {
  member_.endpoint()->OfferState(kJob, 7, StateOf(10));
  const auto proxy = TcpFaultProxy::Start(member_.port()).value();
  proxy->Stall(true);
  const absl::Status status =
      PullState(absl::StrCat("127.0.0.1:", proxy->port()), kJob, 1, 7, absl::Milliseconds(200))
          .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

TEST_F(StateTransferTest, IsCancelled) {
  RingCancellation cancellation;
  std::thread canceller([&] { cancellation.Cancel("no longer wanted"); });
  const absl::Status status = Pull(7, kPatience, &cancellation).status();
  canceller.join();
  EXPECT_EQ(status, absl::CancelledError("cancelled: no longer wanted"));
}

}  // namespace
}  // namespace ropewalk
