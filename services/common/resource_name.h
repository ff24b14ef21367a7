#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A name in the registry: a repository "models/org/name", one of its versions
// "models/org/name/versions/<64 hex digits>", or one of its tags "models/org/name/tags/stable".
// The kind is models, adapters, datasets or checkpoints; every other part is 1 to 96 characters
// A-Z, a-z, 0-9, '.', '_', '-', begins with a letter or digit, and has no "..".
struct ResourceName {
  // "{kind}/{namespace}/{name}".
  std::string repository;
  // At most one of these is set; neither: the name is the repository's own.
  std::string version;
  std::string tag;

  std::string kind() const;
  std::string ToString() const;
};

// All functions are pure. INVALID_ARGUMENT says which part is wrong and what is allowed.

absl::StatusOr<ResourceName> ParseResourceName(absl::string_view name);

// Only a repository: no version, no tag.
absl::Status ValidateRepositoryName(absl::string_view name);

// "models", "adapters", "datasets", "checkpoints".
absl::Status ValidateKind(absl::string_view kind);

// One part: a namespace, a name or a tag, which must not look like a version or its commit (64 or
// 40 hex digits). `what` names it in the message.
absl::Status ValidateNamePart(absl::string_view part, absl::string_view what);

// A path in a version: relative, '/'-separated, without empty, "." or ".." parts, control
// characters or backslashes, at most 512 bytes.
absl::Status ValidateFilePath(absl::string_view path);

// Of a repository's name.
std::string NamespaceOf(absl::string_view repository);

std::string VersionName(absl::string_view repository, absl::string_view version);
std::string TagName(absl::string_view repository, absl::string_view tag);

}  // namespace ropewalk
