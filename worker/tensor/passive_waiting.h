#pragma once

namespace ropewalk {

// Makes OpenMP's threads sleep, and spin but briefly, while they wait for work: workers share
// machines, and a spinning thread takes the processor from the one that it waits for. libgomp reads
// its setting when it is loaded, so the program is started anew, once, with OMP_WAIT_POLICY set; it
// does nothing where the variable is set already. To be called first thing in main.
void WaitPassively(char** argv);

}  // namespace ropewalk
