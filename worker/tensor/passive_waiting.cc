#include "worker/tensor/passive_waiting.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace ropewalk {

void WaitPassively(char** argv) {
  if (getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  // So many looks at whether there is work first, some 50 microseconds: to be woken takes a thread
  // as long as many a loop takes.
  setenv("GOMP_SPINCOUNT", "2000", 0);
  char self[PATH_MAX] = {};
  // Where the program's own file cannot be found or started again, it goes on as it is, only
  // slower.
  if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0) execv(self, argv);
}

}  // namespace ropewalk
