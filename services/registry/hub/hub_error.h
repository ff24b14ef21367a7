#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/http_handler.h"

namespace ropewalk {

// Errors as the Hub's clients know them: by the header X-Error-Code, without which they take a 404
// over plain http for a broken server. Statuses carry it in a payload.

// NOT_FOUND: RepoNotFound. Also for what a caller may not see.
absl::Status RepoNotFound(absl::string_view id);

// The same code for an error that says that a token is needed: then clients take the repository for
// one that is not there.
absl::Status AsRepoNotFound(absl::Status status);

// NOT_FOUND: RevisionNotFound.
absl::Status RevisionNotFound(absl::string_view id, absl::string_view revision);

// NOT_FOUND: EntryNotFound. With the commit clients remember that the file is missing there.
absl::Status EntryNotFound(absl::string_view path, absl::string_view commit);

// Any error as an answer: the code of HTTP that its code stands for, the headers X-Error-Code,
// X-Error-Message and X-Repo-Commit, and {"error": message}.
HttpResponse HubErrorResponse(const absl::Status& status);

// The answer, or its error as one.
HttpResponse ToHubResponse(absl::StatusOr<HttpResponse> answer);

}  // namespace ropewalk
