#pragma once

#include <memory>

#include "services/client/console.h"
#include "services/client/follow_job.h"

namespace ropewalk {

// Events as lines and the progress as one line that is redrawn; for a terminal.
std::unique_ptr<JobView> MakeTerminalView(const Console& console);

// Events as lines and, every few seconds, a line of progress; for logs and pipes.
std::unique_ptr<JobView> MakePlainView(const Console& console);

// The one that suits the console.
std::unique_ptr<JobView> MakeProgressView(const Console& console);

// Events only, as data.
std::unique_ptr<JobView> MakeEventView(const Console& console);

// Shows nothing.
std::unique_ptr<JobView> MakeSilentView();

}  // namespace ropewalk
