#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/testing/tcp_fault_proxy.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"
#include "worker/ring/ring_schedule.h"
#include "worker/ring/testing/rank_vectors.h"
#include "worker/ring/testing/ring_members.h"

namespace ropewalk {
namespace {

void ExpectReduces(Members& members, std::vector<std::unique_ptr<Ring>>& rings, int64_t step,
                   int64_t count) {
  std::vector<Vectors> vectors;
  for (int rank = 0; rank < members.ranks(); ++rank) vectors.emplace_back(rank, count);
  members.ForEachRank([&](int rank) {
    const int64_t before = rings[rank]->payload_bytes_sent();
    Vectors mine = vectors[rank];
    // Every second rank lends its elements, and has them back when the call returns.
    const auto owner = rank % 2 == 0 ? std::make_shared<int>() : nullptr;
    const absl::Status status = rings[rank]->AllReduce(step, 0, mine.Buffers(owner));
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_LE(owner.use_count(), 1);
    EXPECT_EQ(rings[rank]->payload_bytes_sent() - before,
              PayloadBytes(mine.Buffers(), members.ranks(), rank));
    vectors[rank] = mine;
    mine.Scribble();
  });
  ExpectSerialResult(vectors[0], members.ranks(), {0, count});
  for (const Vectors& mine : vectors) {
    EXPECT_TRUE(mine.ints == vectors[0].ints && mine.bytes == vectors[0].bytes &&
                mine.floats == vectors[0].floats)
        << "ranks differ in their bits";
  }
}

// Each rank's outcome of one reduction of `count` ints.
std::vector<absl::Status> ReduceOnce(Members& members, std::vector<std::unique_ptr<Ring>>& rings,
                                     int64_t count = 100'000) {
  std::vector<absl::Status> statuses(members.ranks());
  members.ForEachRank([&](int rank) {
    std::vector<int32_t> values(count, rank);
    statuses[rank] = rings[rank]->AllReduce(1, 0, {{values.data(), count, ReduceOp::kSumInt32}});
  });
  return statuses;
}

TEST(GrpcRing, ReducesAnyLengthOverAnyNumberOfRanks) {
  for (int ranks = 1; ranks <= 8; ++ranks) {
    Members members(ranks);
    auto rings = members.ConnectAll();
    int64_t step = 0;
    for (int64_t count : {0, 1, 3, ranks - 1, ranks, ranks + 1, 10'007}) {
      SCOPED_TRACE(testing::Message() << ranks << " ranks, " << count << " elements");
      ExpectReduces(members, rings, ++step, count);
    }
  }
}

TEST(GrpcRing, ReducesMillionsOfElements) {
  for (int ranks : {2, 3}) {
    Members members(ranks);
    auto rings = members.ConnectAll();
    ExpectReduces(members, rings, 1, 4 << 20);
  }
}

TEST(GrpcRing, AllRanksNameTheHopThatStalls) {
  Members members(3, /*proxied_rank=*/2);
  members.options().hop_timeout = absl::Milliseconds(600);
  auto rings = members.ConnectAll();
  members.proxy().Stall(true);
  for (const absl::Status& status : ReduceOnce(members, rings)) {
    EXPECT_EQ(status, BrokenHopError(absl::StatusCode::kDeadlineExceeded, {1, 2},
                                     "no chunk from rank 1 to rank 2 for 600ms"));
  }
}

TEST(GrpcRing, AllRanksNameTheHopThatIsCut) {
  Members members(4, /*proxied_rank=*/2);
  auto rings = members.ConnectAll();
  members.proxy().Stall(true);
  std::thread cutter([&] { members.proxy().Cut(); });
  for (const absl::Status& status : ReduceOnce(members, rings)) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(BrokenHopOf(status), (BrokenHop{1, 2})) << status;
  }
  cutter.join();
}

TEST(GrpcRing, RanksOnBothSidesNameTheOneThatLeft) {
  Members members(4);
  auto rings = members.ConnectAll();
  rings[2].reset();
  std::vector<absl::Status> statuses(4);
  members.ForEachRank([&](int rank) {
    if (rank == 2) return;
    std::vector<int32_t> values(1000);
    statuses[rank] = rings[rank]->AllReduce(1, 0, {{values.data(), 1000, ReduceOp::kSumInt32}});
  });
  for (int rank : {0, 1, 3}) {
    EXPECT_TRUE(absl::IsUnavailable(statuses[rank])) << statuses[rank];
    const BrokenHop hop = BrokenHopOf(statuses[rank]).value_or(BrokenHop{});
    EXPECT_TRUE(hop.from_rank == 2 || hop.to_rank == 2) << statuses[rank];
  }
}

TEST(GrpcRing, CancelFromAnotherThreadStopsAllRanksAtOnce) {
  Members members(3, /*proxied_rank=*/2);
  auto rings = members.ConnectAll();
  members.proxy().Stall(true);
  std::thread canceller([&] { rings[0]->Cancel("the job was cancelled"); });
  const absl::Time start = absl::Now();
  const std::vector<absl::Status> statuses = ReduceOnce(members, rings);
  canceller.join();
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status, absl::CancelledError("cancelled: the job was cancelled"));
  }
}

TEST(GrpcRing, AFlippedBitOnTheWireIsDataLossThatNamesHopAndChunk) {
  Members members(3, /*proxied_rank=*/1);
  auto rings = members.ConnectAll();
  members.proxy().FlipBitAfter("RWCH", 1000);
  for (const absl::Status& status : ReduceOnce(members, rings)) {
    EXPECT_EQ(status, BrokenHopError(absl::StatusCode::kDataLoss, {0, 1},
                                     "chunk 0 of block 0 of buffer 0 in ring step 0 of step 1, "
                                     "attempt 0 does not match its CRC"));
  }
}

TEST(GrpcRing, AFlippedBitInAHeaderIsDataLossThatNamesTheHop) {
  Members members(3, /*proxied_rank=*/1);
  auto rings = members.ConnectAll();
  members.proxy().FlipBitAfter("RWCH", 20);
  for (const absl::Status& status : ReduceOnce(members, rings)) {
    EXPECT_EQ(status, BrokenHopError(absl::StatusCode::kDataLoss, {0, 1},
                                     "a chunk's header does not match its CRC"));
  }
}

TEST(GrpcRing, ReducesOverSeveralConnectionsAHop) {
  Members members(3, /*proxied_rank=*/1);
  members.options().stripes = 4;
  auto rings = members.ConnectAll();
  EXPECT_EQ(members.proxy().connections_accepted(), 4);
  for (const int64_t step : {1, 2, 3}) ExpectReduces(members, rings, step, 300'000);
}

TEST(GrpcRing, BreaksIfOneOfItsConnectionsDoes) {
  Members members(3, /*proxied_rank=*/1);
  members.options().stripes = 2;
  auto rings = members.ConnectAll();
  members.proxy().FlipBitAfter("RWCH", 1000);
  for (const absl::Status& status : ReduceOnce(members, rings)) {
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_TRUE(BrokenHopOf(status).value_or(BrokenHop{}) == (BrokenHop{0, 1})) << status;
  }
}

TEST(GrpcRing, RefusesAnotherNumberOfConnectionsThanItsOwn) {
  Members members(2);
  std::vector<absl::Status> statuses(2);
  members.ForEachRank([&](int rank) {
    RingOptions options = members.options();
    options.rank = rank;
    options.stripes = 1 + rank;
    statuses[rank] = Ring::Connect(options, members.endpoint(rank), nullptr).status();
  });
  for (const absl::Status& status : statuses) EXPECT_FALSE(status.ok());
}

TEST(GrpcRing, EndsThoughALinkIsSlow) {
  Members members(2, /*proxied_rank=*/1);
  auto rings = members.ConnectAll();
  members.proxy().Delay(absl::Milliseconds(20));
  ExpectReduces(members, rings, 1, 300'000);
}

TEST(GrpcRing, BuffersOfDifferentLengthsAreAnError) {
  Members members(3);
  auto rings = members.ConnectAll();
  std::vector<absl::Status> statuses(3);
  members.ForEachRank([&](int rank) {
    const int64_t count = rank == 0 ? 1001 : 1000;
    std::vector<int32_t> values(count);
    statuses[rank] = rings[rank]->AllReduce(1, 0, {{values.data(), count, ReduceOp::kSumInt32}});
  });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

TEST(GrpcRing, LeavingAfterTheLastReductionHurtsNobody) {
  Members members(4);
  auto rings = members.ConnectAll();
  members.ForEachRank([&](int rank) {
    std::vector<int32_t> values(400'000, 1);
    const absl::Status status =
        rings[rank]->AllReduce(1, 0, {{values.data(), 400'000, ReduceOp::kSumInt32}});
    rings[rank].reset();
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(values.back(), 4);
  });
}

TEST(GrpcRing, ANewGenerationFormsAfterABreak) {
  Members members(3, /*proxied_rank=*/2);
  auto rings = members.ConnectAll();
  members.proxy().Cut();
  ReduceOnce(members, rings);
  rings.clear();
  members.options().generation = 5;
  rings = members.ConnectAll();
  ExpectReduces(members, rings, 2, 1000);
}

TEST(Connect, MembersComeUpInAnyOrder) {
  Members members(2);
  absl::StatusOr<std::unique_ptr<Ring>> first;
  std::thread early([&] { first = members.Connect(0); });
  const absl::StatusOr<std::unique_ptr<Ring>> second = members.Connect(1);
  early.join();
  EXPECT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(second.ok()) << second.status();
}

TEST(Connect, AStaleGenerationIsRefused) {
  Members members(2);
  RingCancellation cancellation;
  std::thread ahead([&] {
    RingOptions options = members.options();
    options.generation = 5;
    options.rank = 1;
    const auto ring = Ring::Connect(options, members.endpoint(1), &cancellation);
    EXPECT_TRUE(absl::IsCancelled(ring.status())) << ring.status();
  });
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_EQ(BrokenHopOf(status), (BrokenHop{0, 1}));
  cancellation.Cancel("seen enough");
  ahead.join();
}

TEST(Connect, AGenerationThatWasLeftIsRefused) {
  Members members(2);
  members.ConnectAll().clear();
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
}

TEST(Connect, AnotherOrderOfTheRingIsRefused) {
  Members members(3);
  RingCancellation cancellation;
  std::thread misled([&] {
    RingOptions options = members.options();
    options.rank = 2;  // but reached as rank 1
    const auto ring = Ring::Connect(options, members.endpoint(1), &cancellation);
    EXPECT_FALSE(ring.ok());
  });
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  cancellation.Cancel("seen enough");
  misled.join();
}

TEST(Connect, GivesUpOnAMemberThatNeverComes) {
  Members members(2);
  members.options().connect_timeout = absl::Milliseconds(300);
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(BrokenHopOf(status), (BrokenHop{0, 1}));
}

TEST(Connect, GivesUpOnAProcessThatIsNotThere) {
  Members members(2);
  {
    const Member gone;
    members.options().addresses[1] = absl::StrCat("127.0.0.1:", gone.port());
  }
  members.options().connect_timeout = absl::Milliseconds(300);
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
}

TEST(Connect, IsCancelled) {
  Members members(2);
  RingCancellation cancellation;
  std::thread canceller([&] { cancellation.Cancel("no longer wanted"); });
  const absl::Status status = members.Connect(0, &cancellation).status();
  canceller.join();
  EXPECT_EQ(status, absl::CancelledError("cancelled: no longer wanted"));
}

TEST(Connect, AnEarlyPredecessorIsSentAwayWhenItsTimeIsOver) {
  Member callee(/*join_timeout=*/absl::Milliseconds(100));
  Members members(2);
  members.options().addresses[1] = absl::StrCat("127.0.0.1:", callee.port());
  const absl::Status status = members.Connect(0).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(BrokenHopOf(status), (BrokenHop{0, 1})) << status;
}

TEST(Connect, RefusesAPlaceThatIsNone) {
  Members members(2);
  RingOptions options = members.options();
  options.rank = 2;
  EXPECT_TRUE(absl::IsInvalidArgument(Ring::Connect(options, members.endpoint(0)).status()));
}

TEST(Connect, OneSeatAtATime) {
  Members members(2);
  auto rings = members.ConnectAll();
  members.options().generation = 5;
  EXPECT_TRUE(absl::IsFailedPrecondition(members.Connect(0).status()));
}

}  // namespace
}  // namespace ropewalk
