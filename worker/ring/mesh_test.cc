#include "worker/ring/mesh.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "worker/ring/broken_hop.h"
#include "worker/ring/local_transport.h"
#include "worker/ring/ring_schedule.h"
#include "worker/ring/testing/local_options.h"
#include "worker/ring/testing/rank_vectors.h"
#include "worker/ring/transport.h"

namespace ropewalk {
namespace {

// A mesh of threads: calls `run` for every rank at once and returns what they return.
std::vector<absl::Status> RunMesh(int ranks, const std::function<absl::Status(Mesh&, int)>& run,
                                  const ChunkFilter& filter = nullptr,
                                  absl::Duration hop_timeout = absl::Seconds(60)) {
  auto transports = ConnectMeshLocally(ranks, filter);
  std::vector<absl::Status> statuses(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      RingOptions options = LocalOptions(rank, ranks, hop_timeout);
      options.granularity = {1024, 2};
      Mesh mesh(options, std::move(transports[rank]));
      statuses[rank] = run(mesh, rank);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

// The buffers of `vectors`, whose floats travel in `wire`.
std::vector<RingBuffer> Travelling(Vectors& vectors, WireFormat wire) {
  std::vector<RingBuffer> buffers = vectors.Buffers();
  buffers.back().wire = wire;
  return buffers;
}

std::vector<Vectors> AllReduced(int ranks, int64_t count, WireFormat wire) {
  std::vector<Vectors> vectors;
  for (int rank = 0; rank < ranks; ++rank) vectors.emplace_back(rank, count);
  const auto statuses = RunMesh(ranks, [&](Mesh& mesh, int rank) {
    return mesh.AllReduce(1, 0, Travelling(vectors[rank], wire));
  });
  for (const absl::Status& status : statuses) EXPECT_TRUE(status.ok()) << status;
  return vectors;
}

void ExpectAlike(const std::vector<Vectors>& vectors) {
  for (const Vectors& one : vectors) {
    EXPECT_EQ(one.ints, vectors[0].ints);
    EXPECT_EQ(one.bytes, vectors[0].bytes);
    EXPECT_EQ(one.floats, vectors[0].floats) << "ranks differ in their bits";
  }
}

TEST(Mesh, ReducesAnyLengthOverAnyNumberOfRanks) {
  for (int ranks = 1; ranks <= 7; ++ranks) {
    for (const int64_t count : {0, 1, ranks - 1, ranks + 1, 10'007}) {
      SCOPED_TRACE(testing::Message() << ranks << " ranks, " << count << " elements");
      const std::vector<Vectors> vectors = AllReduced(ranks, count, WireFormat::kPlain);
      ExpectSerialResult(vectors[0], ranks, {0, count});
      ExpectAlike(vectors);
    }
  }
}

// The largest |error| of the floats, relative to the largest contribution.
double LargestError(const Vectors& result, int ranks) {
  double error = 0, largest = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(result.floats.size()); ++i) {
    double sum = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      sum += FloatOf(rank, i);
      largest = std::max(largest, std::abs(1.0 * FloatOf(rank, i)));
    }
    error = std::max(error, std::abs(result.floats[i] - sum));
  }
  return error / largest;
}

TEST(Mesh, RoundsEachContributionOnceAndTheSumOnce) {
  for (const int ranks : {2, 3, 6}) {
    const auto most = [ranks](double half_step) { return half_step * (2 * ranks - 1); };
    const std::vector<Vectors> half = AllReduced(ranks, 10'007, WireFormat::kBfloat16);
    ExpectAlike(half);
    EXPECT_LE(LargestError(half[0], ranks), most(1.0 / 256)) << ranks;
    EXPECT_GT(LargestError(half[0], ranks), 0);
    const std::vector<Vectors> quarter = AllReduced(ranks, 10'007, WireFormat::kInt8);
    ExpectAlike(quarter);
    EXPECT_LE(LargestError(quarter[0], ranks), most(0.51 / 127)) << ranks;
  }
}

// 2(N-1)/N of what elements take as they travel.
TEST(Mesh, SendsTheBytesOfItsFormula) {
  constexpr int64_t kCount = 12 * 256;
  for (const int ranks : {2, 3, 4}) {
    for (const WireFormat wire : {WireFormat::kPlain, WireFormat::kBfloat16, WireFormat::kInt8}) {
      RunMesh(ranks, [&](Mesh& mesh, int) {
        std::vector<float> x(kCount, 1.0f);
        RingBuffer buffer = {x.data(), kCount, ReduceOp::kSumFloat32};
        buffer.wire = wire;
        const absl::Status status = mesh.AllReduce(1, 0, {buffer});
        EXPECT_EQ(mesh.payload_bytes_sent(), 2 * (ranks - 1) * WireBytes(wire, kCount) / ranks);
        return status;
      });
    }
  }
}

// What rounding leaves out of one sum comes in the next ones, so that their mean is right.
TEST(Mesh, WhatRoundingLeavesOutIsOwedToTheNextReduction) {
  constexpr int kRounds = 200;
  constexpr int64_t kCount = 1000;
  for (const int ranks : {1, 2, 3}) {
    std::vector<std::vector<double>> totals(ranks, std::vector<double>(kCount));
    RunMesh(ranks, [&](Mesh& mesh, int rank) {
      std::vector<float> owed(kCount), next(kCount);
      for (int round = 0; round < kRounds; ++round) {
        std::vector<float> x(kCount);
        for (int64_t i = 0; i < kCount; ++i) x[i] = FloatOf(rank, i);
        RingBuffer buffer = {x.data(), kCount, ReduceOp::kSumFloat32};
        buffer.wire = WireFormat::kInt8;
        buffer.feedback = {owed.data(), next.data()};
        const absl::Status status = mesh.AllReduce(round, 0, {buffer});
        if (!status.ok()) return status;
        owed.swap(next);
        for (int64_t i = 0; i < kCount; ++i) totals[rank][i] += x[i];
      }
      return absl::OkStatus();
    });
    for (int64_t i = 0; i < kCount; ++i) {
      double sum = 0;
      for (int rank = 0; rank < ranks; ++rank) sum += FloatOf(rank, i);
      // Of a sum's own rounding no more than one step is ever owed by each.
      ASSERT_NEAR(totals[0][i] / kRounds, sum, 400.0 * (ranks + 1) / 127 / kRounds) << i;
    }
  }
}

TEST(Mesh, ARoundedReductionThatFailsLeavesWhatIsOwed) {
  constexpr int64_t kCount = 5000;
  std::vector<float> owed(kCount, 0.25f);
  const auto statuses = RunMesh(
      2,
      [&](Mesh& mesh, int rank) {
        std::vector<float> x(kCount, 1.5f), next(kCount), zero(kCount);
        RingBuffer buffer = {x.data(), kCount, ReduceOp::kSumFloat32};
        buffer.wire = WireFormat::kInt8;
        buffer.feedback = {rank == 0 ? owed.data() : zero.data(), next.data()};
        return mesh.AllReduce(1, 0, {buffer});
      },
      [](int, Chunk& chunk) {
        if (chunk.header.chunk == 3) chunk.header.payload_crc ^= 1;
        return true;
      });
  EXPECT_FALSE(statuses[0].ok());
  EXPECT_EQ(owed, std::vector<float>(kCount, 0.25f));
}

TEST(Mesh, EveryRankNamesTheHopThatDamagesAChunk) {
  const auto statuses = RunMesh(
      4,
      [](Mesh& mesh, int rank) {
        Vectors vectors(rank, 50'000);
        return mesh.AllReduce(1, 0, Travelling(vectors, WireFormat::kBfloat16));
      },
      [](int from_rank, Chunk& chunk) {
        if (from_rank == 2 && chunk.header.block == 0 && chunk.header.chunk == 1) {
          chunk.header.payload_crc ^= 1;
        }
        return true;
      });
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(BrokenHopOf(status), (BrokenHop{2, 0})) << status;
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  }
}

TEST(Mesh, NamesTheHopThatFallsSilent) {
  const auto statuses = RunMesh(
      3,
      [](Mesh& mesh, int rank) {
        Vectors vectors(rank, 50'000);
        return mesh.AllReduce(1, 0, vectors.Buffers());
      },
      [](int from_rank, Chunk& chunk) {
        return from_rank != 1 || chunk.header.block != 2 ||
               chunk.header.kind != ChunkKind::kElements;
      },
      absl::Milliseconds(200));
  for (const absl::Status& status : statuses) EXPECT_FALSE(status.ok());
}

TEST(Mesh, RanksWithOtherWireFormatsAreToldSo) {
  const auto statuses = RunMesh(2, [](Mesh& mesh, int rank) {
    Vectors vectors(rank, 1000);
    return mesh.AllReduce(
        1, 0, Travelling(vectors, rank == 0 ? WireFormat::kBfloat16 : WireFormat::kInt8));
  });
  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
}

}  // namespace
}  // namespace ropewalk
