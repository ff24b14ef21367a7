#include "services/common/build_version.h"

namespace ropewalk {

const char* BuildVersion() { return ROPEWALK_VERSION; }

}  // namespace ropewalk
