#include "worker/ring/ring_schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace ropewalk {
namespace {

RingBuffer Ints(int64_t count) { return {nullptr, count, ReduceOp::kSumInt32}; }
RingBuffer Bytes(int64_t count) { return {nullptr, count, ReduceOp::kMaxUint8}; }

int64_t SentBytes(const RingSchedule& schedule, const std::vector<RingBuffer>& buffers) {
  int64_t bytes = 0;
  for (int64_t i = 0; i < schedule.messages(); ++i) {
    const ScheduledChunk chunk = schedule.Sent(i);
    bytes += chunk.range.size() * ElementBytes(buffers[chunk.buffer].op);
  }
  return bytes;
}

TEST(BlockRange, CoversAllWithTheLongerBlocksFirst) {
  EXPECT_EQ(BlockRange(10, 4, 0), (ElementRange{0, 3}));
  EXPECT_EQ(BlockRange(10, 4, 1), (ElementRange{3, 6}));
  EXPECT_EQ(BlockRange(10, 4, 2), (ElementRange{6, 8}));
  EXPECT_EQ(BlockRange(10, 4, 3), (ElementRange{8, 10}));
}

TEST(BlockRange, IsEmptyWhereElementsRunOut) {
  EXPECT_EQ(BlockRange(2, 5, 1).size(), 1);
  EXPECT_EQ(BlockRange(2, 5, 2).size(), 0);
  EXPECT_EQ(BlockRange(0, 3, 0).size(), 0);
}

TEST(PayloadBytes, IsTheRingsShareWhereRanksDivideTheBuffer) {
  for (int ranks = 1; ranks <= 8; ++ranks) {
    const int64_t bytes = 840 * 4;
    for (int rank = 0; rank < ranks; ++rank) {
      EXPECT_EQ(PayloadBytes({Ints(840)}, ranks, rank), 2 * (ranks - 1) * bytes / ranks);
    }
  }
}

TEST(PayloadBytes, LeavesOutTheBlocksThatARankCompletesAndReceivesLast) {
  EXPECT_EQ(PayloadBytes({Bytes(10)}, 4, 0), 15);
  EXPECT_EQ(PayloadBytes({Bytes(10)}, 4, 1), 16);
  EXPECT_EQ(PayloadBytes({Bytes(10)}, 4, 2), 15);
  EXPECT_EQ(PayloadBytes({Bytes(10)}, 4, 3), 14);
}

const Collective kCollectives[] = {{CollectiveKind::kAllReduce},
                                   {CollectiveKind::kReduceScatter},
                                   {CollectiveKind::kAllGather},
                                   {CollectiveKind::kBroadcast, 0},
                                   {CollectiveKind::kBroadcast, 1}};

TEST(RingSchedule, SendsNothingAlone) {
  for (const Collective collective : kCollectives) {
    EXPECT_EQ(RingSchedule({Ints(100)}, 1, 0, {64, 2}, collective).messages(), 0);
  }
}

TEST(RingSchedule, SendsExactlyThePayloadBytes) {
  for (int ranks = 1; ranks <= 8; ++ranks) {
    for (int64_t count : {0, 1, 3, ranks - 1, ranks, ranks + 1, 1000, 10'007}) {
      const std::vector<RingBuffer> buffers = {Ints(count), Bytes(count / 3)};
      for (int rank = 0; rank < ranks; ++rank) {
        for (const Collective collective : kCollectives) {
          if (collective.root >= ranks || (ranks == 1 && collective.kind != kCollectives[0].kind)) {
            continue;
          }
          const RingSchedule schedule(buffers, ranks, rank, {64, 3}, collective);
          EXPECT_EQ(SentBytes(schedule, buffers), PayloadBytes(buffers, ranks, rank, collective));
        }
      }
    }
  }
}

// What docs and headers promise, in bytes that a rank sends of V: 2(N-1)/N, (N-1)/N and 1.
TEST(PayloadBytes, IsWhatEachCollectiveCosts) {
  for (int ranks = 2; ranks <= 8; ++ranks) {
    const int64_t bytes = 840 * 4, share = (ranks - 1) * bytes / ranks;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto sent = [&](Collective collective) {
        return PayloadBytes({Ints(840)}, ranks, rank, collective);
      };
      EXPECT_EQ(sent({CollectiveKind::kAllReduce}), 2 * share);
      EXPECT_EQ(sent({CollectiveKind::kReduceScatter}), share);
      EXPECT_EQ(sent({CollectiveKind::kAllGather}), share);
      EXPECT_EQ(sent({CollectiveKind::kBroadcast, rank}), bytes);
      EXPECT_EQ(sent({CollectiveKind::kBroadcast, (rank + 1) % ranks}), 0);
    }
  }
}

void ExpectNeighboursAgree(int ranks, int rank, Collective collective) {
  const std::vector<RingBuffer> buffers = {Ints(10'007), Bytes(331)};
  const RingSchedule sender(buffers, ranks, rank, {256, 4}, collective);
  const RingSchedule receiver(buffers, ranks, (rank + 1) % ranks, {256, 4}, collective);
  ASSERT_EQ(sender.messages(), receiver.messages());
  for (int64_t i = 0; i < sender.messages(); ++i) {
    const ScheduledChunk sent = sender.Sent(i);
    const ScheduledChunk received = receiver.Received(i);
    EXPECT_EQ(std::tie(sent.step, sent.buffer, sent.block, sent.number),
              std::tie(received.step, received.buffer, received.block, received.number));
    EXPECT_EQ(sent.range, received.range);
  }
}

TEST(RingSchedule, NeighboursAgreeOnEveryMessage) {
  for (const Collective collective : kCollectives) {
    for (int ranks = 2; ranks <= 5; ++ranks) {
      for (int rank = 0; rank < ranks; ++rank) ExpectNeighboursAgree(ranks, rank, collective);
    }
  }
}

TEST(RingSchedule, WhatIsReceivedGoesOnInTheNextStepBeforeItsTime) {
  using Place = std::tuple<int, int, int64_t>;  // step, buffer, chunk
  const std::vector<RingBuffer> buffers = {Ints(5'000), Bytes(700)};
  const RingSchedule schedule(buffers, 3, 1, {512, 4});
  std::map<Place, int64_t> received_at;
  for (int64_t i = 0; i < schedule.messages(); ++i) {
    const ScheduledChunk chunk = schedule.Received(i);
    received_at[{chunk.step, chunk.buffer, chunk.number}] = i;
  }
  for (int64_t i = 0; i < schedule.messages(); ++i) {
    const ScheduledChunk chunk = schedule.Sent(i);
    if (chunk.step == 0) continue;
    const int64_t needed = received_at.at({chunk.step - 1, chunk.buffer, chunk.number});
    EXPECT_FALSE(schedule.MaySend(i, needed)) << "may be sent before its data is there";
    EXPECT_TRUE(schedule.MaySend(i, needed + 1)) << "waits for more than its data";
  }
}

TEST(RingSchedule, KeepsNoMoreThanAWindowInFlight) {
  const RingSchedule schedule({Ints(10'007)}, 4, 2, {64, 5});
  for (int64_t i = 0; i < schedule.messages(); ++i) {
    EXPECT_TRUE(schedule.MaySend(i, i)) << "would wait for ever";
    EXPECT_FALSE(schedule.MaySend(i, i - 5));
  }
}

TEST(RingSchedule, CompletesEveryElementOfEveryRankOnce) {
  const std::vector<RingBuffer> buffers = {Ints(103)};
  for (int rank = 0; rank < 4; ++rank) {
    const RingSchedule schedule(buffers, 4, rank, {16, 2});
    std::multiset<int64_t> completed;
    for (int64_t i = 0; i < schedule.messages(); ++i) {
      const ScheduledChunk chunk = schedule.Received(i);
      if (!schedule.IsComplete(chunk.step)) continue;
      for (int64_t e = chunk.range.begin; e < chunk.range.end; ++e) completed.insert(e);
    }
    ASSERT_EQ(completed.size(), 103u);
    EXPECT_EQ(std::set<int64_t>(completed.begin(), completed.end()).size(), 103u);
  }
}

TEST(RingSchedule, TwoRanksWithMuchToReduceAreARing) {
  const std::vector<RingBuffer> buffers = {Ints(4 << 20)};
  const RingSchedule schedule(buffers, 2, 0, {1 << 20, 4});
  EXPECT_EQ(schedule.messages(), 16);
  EXPECT_TRUE(schedule.GoesOn(0));
  EXPECT_EQ(SentBytes(schedule, buffers), PayloadBytes(buffers, 2, 0));
}

TEST(RingSchedule, TwoRanksWithLittleExchangeAllTheyHaveAtOnce) {
  const std::vector<RingBuffer> buffers = {Ints(103)};
  for (int rank = 0; rank < 2; ++rank) {
    const RingSchedule schedule(buffers, 2, rank, {16, 4});
    ASSERT_EQ(schedule.messages(), 26);
    int64_t next = 0;
    for (int64_t i = 0; i < schedule.messages(); ++i) {
      const ScheduledChunk chunk = schedule.Received(i);
      EXPECT_EQ(chunk.range, schedule.Sent(i).range);
      EXPECT_EQ(chunk.range.begin, next);
      next = chunk.range.end;
      EXPECT_TRUE(schedule.IsAdded(chunk.step) && schedule.IsComplete(chunk.step));
      EXPECT_FALSE(schedule.GoesOn(chunk.step));
    }
    EXPECT_EQ(next, 103);
  }
}

TEST(RingSchedule, AScatterEndsAndAGatherBeginsWithTheOwnBlock) {
  for (int ranks = 2; ranks <= 5; ++ranks) {
    for (int rank = 0; rank < ranks; ++rank) {
      const RingSchedule scatter({Ints(1000)}, ranks, rank, {4096, 2},
                                 {CollectiveKind::kReduceScatter});
      const ScheduledChunk last = scatter.Received(scatter.messages() - 1);
      EXPECT_TRUE(scatter.IsAdded(last.step) && scatter.IsComplete(last.step));
      EXPECT_FALSE(scatter.GoesOn(last.step));
      EXPECT_EQ(last.block, rank);
      const RingSchedule gather({Ints(1000)}, ranks, rank, {4096, 2}, {CollectiveKind::kAllGather});
      EXPECT_EQ(gather.Sent(0).block, rank);
      EXPECT_TRUE(gather.IsOwn(gather.Sent(0).step));
      EXPECT_FALSE(gather.IsAdded(gather.Received(0).step));
    }
  }
}

TEST(RingSchedule, OnlyTheRootOfABroadcastRunsAhead) {
  const Collective collective = {CollectiveKind::kBroadcast, 2};
  const RingSchedule root({Ints(1000)}, 4, 2, {64, 5}, collective);
  EXPECT_TRUE(root.MaySend(4, 0));
  EXPECT_FALSE(root.MaySend(5, 0));
  const RingSchedule other({Ints(1000)}, 4, 3, {64, 5}, collective);
  EXPECT_FALSE(other.MaySend(0, 0));
  EXPECT_TRUE(other.MaySend(0, 1));
}

TEST(RingSchedule, FingerprintTellsBuffersApart) {
  const auto fingerprint = [](std::vector<RingBuffer> buffers, int rank) {
    return RingSchedule(buffers, 3, rank, {64, 2}).Fingerprint();
  };
  EXPECT_EQ(fingerprint({Ints(10), Bytes(5)}, 0), fingerprint({Ints(10), Bytes(5)}, 2));
  EXPECT_NE(fingerprint({Ints(10), Bytes(5)}, 0), fingerprint({Ints(10), Bytes(6)}, 0));
  EXPECT_NE(fingerprint({Ints(10)}, 0), fingerprint({{nullptr, 10, ReduceOp::kSumFloat32}}, 0));
  EXPECT_NE(fingerprint({Ints(10)}, 0), fingerprint({Ints(10), Ints(0)}, 0));
}

TEST(RingSchedule, FingerprintTellsCollectivesApart) {
  std::set<uint32_t> fingerprints;
  for (const Collective collective : kCollectives) {
    fingerprints.insert(RingSchedule({Ints(10)}, 3, 0, {64, 2}, collective).Fingerprint());
  }
  EXPECT_EQ(fingerprints.size(), std::size(kCollectives));
}

TEST(DefaultGranularity, CutsBlocksInFourWithinBounds) {
  EXPECT_EQ(DefaultGranularity({Ints(100)}, 4).chunk_bytes, 64 << 10);
  EXPECT_EQ(DefaultGranularity({Ints(512 << 10)}, 4).chunk_bytes, 128 << 10);
  EXPECT_EQ(DefaultGranularity({Ints(128 << 10)}, 2).chunk_bytes, 128 << 10);
  EXPECT_EQ(DefaultGranularity({Ints(100), Ints(64 << 20)}, 4).chunk_bytes, 512 << 10);
}

}  // namespace
}  // namespace ropewalk
