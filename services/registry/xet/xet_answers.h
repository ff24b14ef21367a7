#pragma once

#include <memory>

#include "absl/status/status.h"
#include "services/common/http_handler.h"
#include "services/registry/xet/shard_intake.h"

namespace ropewalk {

// An error as an answer: the code of HTTP that makes clients do what helps, and {"error": message}.
HttpResponse XetErrorResponse(const absl::Status& status);

// {"result":1} when all files are made.
HttpResponse AnswerWhenDone(std::unique_ptr<ShardIntake> intake);

// 200 at once; the files are made while the answer is sent, which is a line of JSON now and then
// and in the end the result or the error.
HttpResponse AnswerWithProgress(std::unique_ptr<ShardIntake> intake);

}  // namespace ropewalk
