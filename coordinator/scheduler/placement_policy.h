#pragma once

#include <set>
#include <string>
#include <vector>

namespace ropewalk {

// What the policy may know. Pure values; no names are looked up.
struct PlacementInput {
  struct Worker {
    std::string name;
    std::string version;  // of its program
    bool bf16 = false;
    bool idle = false;  // otherwise busy, but it will be idle one day
  };
  struct WaitingJob {
    std::string name;
    int priority = 0;
    int min = 1;
    int max = 1;
    bool bf16 = false;
  };
  struct GrowingJob {
    std::string name;
    int priority = 0;
    int room = 0;         // how many more it takes
    std::string version;  // of its members' program
    bool bf16 = false;
    std::set<std::string> refused;  // workers it does not want again
  };
  // Lost, draining and drained workers are left out.
  std::vector<Worker> workers;
  // Oldest first.
  std::vector<WaitingJob> waiting;
  std::vector<GrowingJob> growing;
};

// Workers for a job: the gang that starts it, or newcomers to it.
struct Placement {
  std::string job;
  std::vector<std::string> workers;
};

// Decides who works on what. Stateless: the same input gives the same answer.
//
// A job that needs bf16 can use workers that have it; the workers of one job must run the same
// version. Waiting jobs are looked at by priority, then by age:
// 1. If enough idle workers can be used, the job gets `min` of them, of the version of which most
//    are idle.
// 2. If not, but the cluster has enough, it holds all idle ones that it could use: younger and
//    lesser jobs must do without them, so a stream of narrow jobs does not starve a wide one.
// 3. If the cluster has not enough, it holds nothing: nobody waits for machines that do not exist.
// Then what is left goes, in the same order, to the jobs just started, up to their `max`, and after
// them to running jobs with room.
std::vector<Placement> Place(const PlacementInput& input);

}  // namespace ropewalk
