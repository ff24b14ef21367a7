#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "worker/ring/broken_hop.h"
#include "worker/ring/mesh.h"
#include "worker/ring/testing/rank_vectors.h"
#include "worker/ring/testing/ring_members.h"

namespace ropewalk {
namespace {

std::vector<absl::Status> ReduceRounded(Members& members,
                                        std::vector<std::unique_ptr<Mesh>>& meshes,
                                        std::vector<Vectors>& vectors) {
  std::vector<absl::Status> statuses(members.ranks());
  members.ForEachRank([&](int rank) {
    if (meshes[rank] == nullptr) return;
    std::vector<RingBuffer> buffers = vectors[rank].Buffers();
    buffers.back().wire = WireFormat::kBfloat16;
    statuses[rank] = meshes[rank]->AllReduce(1, 0, buffers);
  });
  return statuses;
}

std::vector<Vectors> VectorsOf(int ranks, int64_t count) {
  std::vector<Vectors> vectors;
  for (int rank = 0; rank < ranks; ++rank) vectors.emplace_back(rank, count);
  return vectors;
}

TEST(GrpcMesh, AllRanksEndWithTheSameBits) {
  for (int ranks = 1; ranks <= 5; ++ranks) {
    for (const int64_t count : {0, 7, 1 << 20}) {
      SCOPED_TRACE(testing::Message() << ranks << " ranks, " << count << " elements");
      Members members(ranks);
      auto meshes = members.ConnectAll<Mesh>();
      std::vector<Vectors> vectors = VectorsOf(ranks, count);
      for (const absl::Status& status : ReduceRounded(members, meshes, vectors)) {
        EXPECT_TRUE(status.ok()) << status;
      }
      for (const Vectors& one : vectors) {
        EXPECT_TRUE(one.ints == vectors[0].ints && one.bytes == vectors[0].bytes &&
                    one.floats == vectors[0].floats);
      }
    }
  }
}

TEST(GrpcMesh, EveryRankHearsOfTheOneThatLeft) {
  Members members(4);
  auto meshes = members.ConnectAll<Mesh>();
  meshes[2].reset();
  std::vector<Vectors> vectors = VectorsOf(4, 100'000);
  const std::vector<absl::Status> statuses = ReduceRounded(members, meshes, vectors);
  for (const int rank : {0, 1, 3}) {
    EXPECT_TRUE(absl::IsUnavailable(statuses[rank])) << statuses[rank];
    const BrokenHop hop = BrokenHopOf(statuses[rank]).value_or(BrokenHop{});
    EXPECT_TRUE(hop.from_rank == 2 || hop.to_rank == 2) << statuses[rank];
  }
}

TEST(GrpcMesh, AnotherGenerationFollowsOneThatBroke) {
  Members members(3);
  auto meshes = members.ConnectAll<Mesh>();
  meshes[0]->Cancel("for another generation");
  std::vector<Vectors> vectors = VectorsOf(3, 1000);
  for (const absl::Status& status : ReduceRounded(members, meshes, vectors)) {
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  }
  meshes.clear();
  ++members.options().generation;
  meshes = members.ConnectAll<Mesh>();
  vectors = VectorsOf(3, 1000);
  for (const absl::Status& status : ReduceRounded(members, meshes, vectors)) {
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(GrpcMesh, ConnectingNamesTheRankThatDoesNotCome) {
  Members members(3);
  members.options().connect_timeout = absl::Milliseconds(400);
  std::vector<absl::Status> statuses(3);
  members.ForEachRank([&](int rank) {
    if (rank != 1) statuses[rank] = members.Connect<Mesh>(rank).status();
  });
  for (const int rank : {0, 2}) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(statuses[rank])) << statuses[rank];
    const BrokenHop hop = BrokenHopOf(statuses[rank]).value_or(BrokenHop{});
    EXPECT_TRUE(hop.from_rank == 1 || hop.to_rank == 1) << statuses[rank];
  }
}

}  // namespace
}  // namespace ropewalk
