#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Whole files and folders. Errors carry the path and the system's reason: NOT_FOUND,
// PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk full), ... Thread-safe.

absl::StatusOr<std::string> ReadFile(const std::string& path);

// Readers see the old bytes or the new ones, after a crash too: temporary file, fsync, rename,
// fsync of the folder. The folder must be there.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

// The same; only the file's owner may read it.
absl::Status WriteSecretFile(const std::string& path, absl::string_view bytes);

// The regular files below a folder, as '/'-separated paths relative to it, in byte order. Follows
// links to files, not links to folders; what others remove meanwhile may be left out.
// NOT_FOUND: there is no such folder.
absl::StatusOr<std::vector<std::string>> ListFilesBelow(const std::string& folder);

// Makes the folder and those above it; fine if they are there.
absl::Status MakeFolders(const std::string& folder);

// Makes renames in and deletions from the folder survive a power cut.
absl::Status SyncFolder(const std::string& folder);

// Deletes a file, or a folder with all in it; fine if it is not there.
absl::Status RemoveAll(const std::string& path);

// errno as a status; a full disk or quota becomes RESOURCE_EXHAUSTED and says what to do.
absl::Status FileError(int error_number, absl::string_view what);

}  // namespace ropewalk
