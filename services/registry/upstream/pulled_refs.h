#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What a repository's tags say of where it came from. Each version that was pulled has a mark: the
// tag "upstream-{upstream's commit}". So marks are shared by all registries on the same stores,
// move with a repository and go with it. All functions are pure.

// The mark of a commit of upstream's.
std::string MarkOf(absl::string_view commit);

// Whether some of it came from upstream.
bool IsPulled(const v1::Repository& repository);

// One of the versions that were pulled; empty if none was.
std::string SomePulledVersion(const v1::Repository& repository);

// The tag that the Hub's `revision` names, "main" or another; null if there is none.
const v1::Tag* FindRef(const v1::Repository& repository, absl::string_view revision);

// Whether a ref goes where upstream's goes: it is a branch at a version that was pulled. One that
// something was committed to here is at another version, and a protected one stays.
bool Follows(const v1::Repository& repository, absl::string_view revision);

// Whether a pulled revision can have a branch of its name here; upstream's commits, whole or cut
// short, and names with '/' have only marks.
bool MayBeBranch(const std::string& revision);

}  // namespace ropewalk
