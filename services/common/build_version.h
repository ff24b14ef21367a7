#pragma once

namespace ropewalk {

// The version of this build, "0.1.0". Workers of a job must agree on it.
const char* BuildVersion();

}  // namespace ropewalk
