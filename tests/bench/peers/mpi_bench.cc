// Times MPI_Allreduce between the processes that mpirun has started; the first prints milliseconds.

#include <mpi.h>

#include "tests/bench/peers/all_reduce_rounds.h"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const ropewalk::PeerCase peer_case = ropewalk::PeerCase::Parse(argc, argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks != peer_case.ranks) MPI_Abort(MPI_COMM_WORLD, 2);
  ropewalk::AlignedVector<int32_t> values(peer_case.elements);  // 0 is 0 as float, too
  const double median = ropewalk::MedianRound(peer_case.rounds, [&] {
    MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()),
                  peer_case.integers ? MPI_INT32_T : MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  });
  if (rank == 0) std::printf("%.6f\n", median);
  MPI_Finalize();
}
