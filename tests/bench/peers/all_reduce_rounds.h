#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "worker/tensor/aligned_memory.h"

// What the programs share that time all-reduces of other libraries beside ring_bench: among that,
// the memory of what is reduced, which is as a trainer has it.

namespace ropewalk {

// RANKS BYTES exact|float32 ROUNDS [RANK ADDRESS FOLDER]: with the last three it is one rank, on
// this address, of those that meet in a folder.
struct PeerCase {
  int ranks = 0;
  int64_t elements = 0;  // of 4 bytes
  bool integers = false;
  int rounds = 0;
  int rank = -1;
  std::string address = "127.0.0.1";
  std::string folder;

  static PeerCase Parse(int argc, char** argv) {
    if ((argc != 5 && argc != 8) ||
        (std::strcmp(argv[3], "exact") != 0 && std::strcmp(argv[3], "float32") != 0)) {
      std::fprintf(stderr, "usage: %s RANKS BYTES exact|float32 ROUNDS [RANK ADDRESS FOLDER]\n",
                   argv[0]);
      std::exit(2);
    }
    PeerCase result = {std::atoi(argv[1]), std::atoll(argv[2]) / 4,
                       std::strcmp(argv[3], "exact") == 0, std::atoi(argv[4])};
    if (argc == 8)
      result.rank = std::atoi(argv[5]), result.address = argv[6], result.folder = argv[7];
    return result;
  }
};

// The median of the milliseconds that `all_reduce` takes, after rounds to warm up.
inline double MedianRound(int rounds, const std::function<void()>& all_reduce) {
  constexpr int kWarmups = 3;
  std::vector<double> times;
  for (int round = -kWarmups; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    all_reduce();
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    if (round >= 0) times.push_back(taken.count());
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

}  // namespace ropewalk
