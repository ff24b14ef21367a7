#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// The canonical form of a list of files: one line per file in byte order of the paths,
//   <digest in lower-case hex> SP <size in decimal> SP <path> LF
// Paths hold no control characters, so the form is unambiguous. Pure.
std::string CanonicalManifest(const google::protobuf::RepeatedPtrField<v1::File>& files);

// The {version} of a list of files: SHA-256 of the canonical form, in hex. Pure.
std::string VersionId(const google::protobuf::RepeatedPtrField<v1::File>& files);

// INVALID_ARGUMENT: no file; or a path, digest or size is not allowed; or a path comes twice, or is
// also a folder of another, or has more than 64 parts; or there are more than 100 000 files, or
// folders. Pure.
absl::Status ValidateManifest(const google::protobuf::RepeatedPtrField<v1::File>& files);

}  // namespace ropewalk
