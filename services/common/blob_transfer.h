#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/common/call_monitor.h"
#include "services/common/registry_client.h"

namespace ropewalk {

// Runs `attempt` until it succeeds, fails for good, or has failed five times in a row without
// `*progress` having grown. UNAVAILABLE, ABORTED and OUT_OF_RANGE (another moved the upload) are
// worth another attempt, with growing pauses. CANCELLED if the monitor is cancelled meanwhile.
absl::Status WithRetries(CallMonitor* monitor, const int64_t* progress,
                         const std::function<absl::Status()>& attempt);

// Uploads a file's bytes, which have the digest and size of `file`, unless the registry has them;
// goes on where a broken upload stopped.
absl::Status UploadFile(v1::RegistryService::StubInterface* stub, CallMonitor* monitor,
                        const SourceFile& source, const v1::File& file);

// Downloads a blob to a new file, checks its digest and syncs it; goes on where a broken download
// stopped. DATA_LOSS: the bytes do not have the digest.
absl::Status DownloadFile(v1::RegistryService::StubInterface* stub, CallMonitor* monitor,
                          const v1::File& file, const std::string& path);

}  // namespace ropewalk
