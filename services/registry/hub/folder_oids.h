#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// How git names a file.
using FileOid = std::function<absl::StatusOr<std::string>(const v1::File& file)>;

// How git names folders of a version, which are there; a name is made of those of all that is
// below. Each file and folder below is named once, however many of `folders` it is in. By the
// folders' paths. Errors are those of `file_oid`.
absl::StatusOr<std::map<std::string, std::string>> FolderOids(
    const v1::Version& version, const std::vector<std::string>& folders, const FileOid& file_oid);

}  // namespace ropewalk
