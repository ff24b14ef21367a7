#include "worker/ring/ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "worker/ring/local_transport.h"
#include "worker/ring/ring_schedule.h"
#include "worker/ring/testing/local_options.h"
#include "worker/ring/testing/rank_vectors.h"

namespace ropewalk {
namespace {

// A ring of threads: calls `run` for every rank at once and returns what they return.
std::vector<absl::Status> RunRing(int ranks, const std::function<absl::Status(Ring&, int)>& run,
                                  absl::Duration hop_timeout = absl::Seconds(60),
                                  ChunkFilter filter = nullptr) {
  std::vector<std::unique_ptr<Transport>> transports = ConnectLocally(ranks, std::move(filter));
  std::vector<absl::Status> statuses(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      Ring ring(LocalOptions(rank, ranks, hop_timeout),
                ranks > 1 ? std::move(transports[rank]) : nullptr);
      statuses[rank] = run(ring, rank);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

void ExpectAllReduces(int ranks, int64_t count) {
  std::vector<Vectors> vectors;
  for (int rank = 0; rank < ranks; ++rank) vectors.emplace_back(rank, count);
  std::vector<int64_t> sent(ranks);
  const auto statuses = RunRing(ranks, [&](Ring& ring, int rank) {
    Vectors mine = vectors[rank];
    // Every second rank lends its elements, and has them back when the call returns.
    const auto owner = rank % 2 == 0 ? std::make_shared<int>() : nullptr;
    const absl::Status status = ring.AllReduce(1, 0, mine.Buffers(owner));
    EXPECT_LE(owner.use_count(), 1);
    sent[rank] = ring.payload_bytes_sent();
    vectors[rank] = mine;
    mine.Scribble();
    return status;
  });
  ExpectSerialResult(vectors[0], ranks, {0, count});
  for (int rank = 0; rank < ranks; ++rank) {
    ASSERT_TRUE(statuses[rank].ok()) << statuses[rank];
    EXPECT_EQ(sent[rank], PayloadBytes(vectors[rank].Buffers(), ranks, rank));
    EXPECT_EQ(vectors[rank].ints, vectors[0].ints);
    EXPECT_EQ(vectors[rank].bytes, vectors[0].bytes);
    EXPECT_EQ(vectors[rank].floats, vectors[0].floats) << "ranks differ in their bits";
  }
}

absl::Status ReduceOnce(Ring& ring, int rank, int64_t count = 100'000) {
  Vectors vectors(rank, count);
  return ring.AllReduce(1, 0, vectors.Buffers());
}

TEST(Ring, ReducesAnyLengthOverAnyNumberOfRanks) {
  for (int ranks = 1; ranks <= 8; ++ranks) {
    for (int64_t count : {0, 1, 3, ranks - 1, ranks, ranks + 1, 10'007}) {
      SCOPED_TRACE(testing::Message() << ranks << " ranks, " << count << " elements");
      ExpectAllReduces(ranks, count);
    }
  }
}

TEST(Ring, ReducesAMillionElementsOfEachKind) {
  for (int ranks = 2; ranks <= 8; ranks += 3) ExpectAllReduces(ranks, 1 << 20);
}

TEST(Ring, ReducesFourMillionInts) {
  constexpr int64_t kCount = 4 << 20;
  for (int ranks = 1; ranks <= 8; ++ranks) {
    std::vector<std::vector<int32_t>> vectors(ranks, std::vector<int32_t>(kCount));
    for (int rank = 0; rank < ranks; ++rank) {
      for (int64_t i = 0; i < kCount; ++i) vectors[rank][i] = static_cast<int32_t>(i) * (rank + 1);
    }
    const auto statuses = RunRing(ranks, [&](Ring& ring, int rank) {
      return ring.AllReduce(1, 0, {{vectors[rank].data(), kCount, ReduceOp::kSumInt32}});
    });
    const uint32_t factor = ranks * (ranks + 1) / 2;
    for (int64_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(static_cast<uint32_t>(vectors[0][i]), static_cast<uint32_t>(i) * factor);
    }
    for (int rank = 0; rank < ranks; ++rank) {
      EXPECT_TRUE(statuses[rank].ok()) << statuses[rank];
      EXPECT_TRUE(vectors[rank] == vectors[0]);
    }
  }
}

TEST(Ring, ScattersTheSumsOfItsBlocks) {
  for (int ranks = 1; ranks <= 5; ++ranks) {
    for (const int64_t count : {0, 1, 4, 10'007, 1 << 20}) {
      const auto statuses = RunRing(ranks, [&](Ring& ring, int rank) {
        Vectors mine(rank, count);
        const absl::Status status = ring.ReduceScatter(1, 0, mine.Buffers());
        EXPECT_EQ(ring.payload_bytes_sent(),
                  PayloadBytes(mine.Buffers(), ranks, rank, {CollectiveKind::kReduceScatter}));
        ExpectSerialResult(mine, ranks, BlockRange(count, ranks, rank));
        return status;
      });
      for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
    }
  }
}

TEST(Ring, GathersEveryRanksBlock) {
  for (int ranks = 1; ranks <= 5; ++ranks) {
    for (const int64_t count : {0, 1, 4, 10'007, 1 << 20}) {
      const auto statuses = RunRing(ranks, [&](Ring& ring, int rank) {
        Vectors mine(rank, count);
        const absl::Status status = ring.AllGather(1, 0, mine.Buffers());
        EXPECT_EQ(ring.payload_bytes_sent(),
                  PayloadBytes(mine.Buffers(), ranks, rank, {CollectiveKind::kAllGather}));
        for (int block = 0; block < ranks; ++block) {
          const ElementRange range = BlockRange(count, ranks, block);
          for (int64_t i = range.begin; i < range.end; ++i) {
            if (mine.ints[i] != IntOf(block, i)) return absl::InternalError("another's element");
          }
        }
        return status;
      });
      for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
    }
  }
}

TEST(Ring, BroadcastsFromAnyRank) {
  for (int ranks = 1; ranks <= 5; ++ranks) {
    for (int root = 0; root < ranks; ++root) {
      for (const int64_t count : {0, 1, 10'007, 1 << 20}) {
        const Vectors wanted(root, count);
        const auto statuses = RunRing(ranks, [&](Ring& ring, int rank) {
          Vectors mine(rank, count);
          const absl::Status status = ring.Broadcast(1, 0, root, mine.Buffers());
          EXPECT_EQ(ring.payload_bytes_sent(),
                    ranks == 1 ? 0
                               : PayloadBytes(mine.Buffers(), ranks, rank,
                                              {CollectiveKind::kBroadcast, root}));
          EXPECT_TRUE(mine.ints == wanted.ints && mine.floats == wanted.floats);
          return status;
        });
        for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
      }
    }
  }
}

TEST(Ring, RefusesToBroadcastFromARankThatIsNotThere) {
  const auto statuses = RunRing(2, [](Ring& ring, int) { return ring.Broadcast(1, 0, 2, {}); });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
}

TEST(Ring, RefusesAnotherCollective) {
  const auto statuses = RunRing(2, [](Ring& ring, int rank) {
    std::vector<int32_t> values(10);
    const RingBuffer buffer = {values.data(), 10, ReduceOp::kSumInt32};
    return rank == 0 ? ring.AllGather(1, 0, {buffer}) : ring.ReduceScatter(1, 0, {buffer});
  });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

TEST(Ring, ReducesManyTimesWithoutABarrierBetween) {
  const auto statuses = RunRing(3, [&](Ring& ring, int rank) {
    std::vector<int32_t> values(1000, 1);
    absl::Status status;
    for (int step = 0; step < 8 && status.ok(); ++step) {
      status = ring.AllReduce(step, 0, {{values.data(), 1000, ReduceOp::kSumInt32}});
    }
    EXPECT_EQ(values.front(), 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3);
    return status;
  });
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
}

TEST(Ring, AllRanksNameTheHopThatStalls) {
  const auto statuses = RunRing(
      4, [](Ring& ring, int rank) { return ReduceOnce(ring, rank); }, absl::Milliseconds(400),
      [](int from, Chunk&) { return from != 1; });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    EXPECT_EQ(BrokenHopOf(status), (BrokenHop{1, 2})) << status;
    EXPECT_EQ(status.message(), "hop 1 -> 2: no chunk from rank 1 to rank 2 for 400ms");
  }
}

TEST(Ring, NamesTheRankThatNeverComes) {
  std::latch others_done(2);
  const auto statuses = RunRing(
      3,
      [&](Ring& ring, int rank) {
        if (rank == 0) {
          others_done.wait();
          return absl::OkStatus();
        }
        const absl::Status status = ReduceOnce(ring, rank);
        others_done.count_down();
        return status;
      },
      absl::Milliseconds(200));
  for (int rank : {1, 2}) EXPECT_EQ(BrokenHopOf(statuses[rank]), (BrokenHop{0, 1}));
}

TEST(Ring, CancelFromAnotherThreadTakesEffectAtOnceOnAllRanks) {
  std::atomic<int> lost = 0;
  RingCancellation cancellation;
  std::vector<std::unique_ptr<Transport>> transports = ConnectLocally(3, [&](int, Chunk&) {
    if (++lost == 3) cancellation.Cancel("the job was cancelled");  // once all are under way
    return false;
  });
  std::vector<absl::Status> statuses(3);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 3; ++rank) {
    threads.emplace_back([&, rank] {
      Ring ring(LocalOptions(rank, 3, absl::Seconds(60)), std::move(transports[rank]),
                rank == 0 ? &cancellation : nullptr);
      statuses[rank] = ReduceOnce(ring, rank, 1000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(status, absl::CancelledError("cancelled: the job was cancelled"));
  }
}

TEST(Ring, StaysFailed) {
  const auto statuses = RunRing(2, [](Ring& ring, int rank) {
    ring.Cancel("enough");
    const absl::Status first = ReduceOnce(ring, rank);
    EXPECT_EQ(ReduceOnce(ring, rank), first);
    return first;
  });
  for (const absl::Status& status : statuses) EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST(Ring, CancelsARingOfOne) {
  Ring ring(LocalOptions(0, 1, absl::Seconds(60)), nullptr);
  EXPECT_TRUE(ring.AllReduce(1, 0, {}).ok());
  ring.Cancel("enough");
  EXPECT_TRUE(absl::IsCancelled(ring.AllReduce(2, 0, {})));
}

TEST(Ring, AFlippedBitIsDataLossThatNamesHopAndChunk) {
  const auto statuses = RunRing(
      3, [](Ring& ring, int rank) { return ReduceOnce(ring, rank); }, absl::Seconds(60),
      [](int from, Chunk& chunk) {
        if (from != 2 || chunk.header.ring_step != 1 || chunk.header.buffer != 0) return true;
        auto bytes = std::shared_ptr<uint8_t>(new uint8_t[chunk.payload.size()],
                                              std::default_delete<uint8_t[]>());
        chunk.payload.CopyTo(bytes.get());
        bytes.get()[chunk.payload.size() / 2] ^= 16;
        chunk.payload = Payload(bytes, chunk.payload.size());
        return true;
      });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_EQ(BrokenHopOf(status), (BrokenHop{2, 0}));
    EXPECT_EQ(status.message(),
              "hop 2 -> 0: chunk 0 of block 1 of buffer 0 in ring step 1 of step 1, attempt 0 does "
              "not match its CRC");
  }
}

TEST(Ring, RefusesBuffersThatDiffer) {
  const auto statuses =
      RunRing(3, [](Ring& ring, int rank) { return ReduceOnce(ring, rank, rank == 1 ? 99 : 100); });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(BrokenHopOf(status).has_value());
  }
}

TEST(Ring, RefusesOpsThatDiffer) {
  const auto statuses = RunRing(2, [](Ring& ring, int rank) {
    std::vector<int32_t> values(10);
    const ReduceOp op = rank == 0 ? ReduceOp::kSumInt32 : ReduceOp::kSumFloat32;
    return ring.AllReduce(1, 0, {{values.data(), 10, op}});
  });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

TEST(Ring, RefusesAnotherStepOrAttempt) {
  const auto statuses = RunRing(2, [](Ring& ring, int rank) {
    std::vector<int32_t> values(10);
    return ring.AllReduce(1, rank, {{values.data(), 10, ReduceOp::kSumInt32}});
  });
  for (const absl::Status& status : statuses) EXPECT_TRUE(absl::IsAborted(status)) << status;
}

TEST(Ring, SaysWhoHasLeft) {
  const auto statuses = RunRing(3, [](Ring& ring, int rank) {
    return rank == 1 ? absl::OkStatus() : ReduceOnce(ring, rank);
  });
  for (int rank : {0, 2}) {
    EXPECT_TRUE(absl::IsUnavailable(statuses[rank])) << statuses[rank];
    EXPECT_EQ(statuses[rank].message(), "hop 1 -> 2: rank 1 has left the ring");
  }
}

}  // namespace
}  // namespace ropewalk
