#pragma once

#include "absl/strings/string_view.h"
#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

// The life of a job:
//
//            +--------------------- resume ---------------------+
//            v                                                  |
//   --> QUEUED --- enough workers ---> PREPARING --- pause --> PAUSED
//        ^ ^  \--- pause ---------------- | | ---------------->  ^
//        | |                              | |                    |
//        | +---- all its workers left ----+ | all are prepared   | pause
//        |                                  v                    |
//        +-- its last worker drained -- RUNNING -----------------+
//        |                               |   ^                   |
//        |            loss, join, drain, |   | all are prepared  |
//        |             ring broken       v   |                   |
//        +-- its last worker drained -- RECOVERING --------------+
//
//   Cancel:  QUEUED, PREPARING, PAUSED, RECOVERING without workers --> CANCELLED, at once;
//            RUNNING, RECOVERING --> CANCELLING --> CANCELLED, with a checkpoint.
//   The end: RUNNING, RECOVERING, CANCELLING --> SUCCEEDED, when the result is published;
//            PREPARING, RUNNING, RECOVERING --> FAILED.
//
// Nothing follows SUCCEEDED, FAILED and CANCELLED.
bool MayFollow(v1::JobState from, v1::JobState to);

// SUCCEEDED, FAILED or CANCELLED.
bool HasEnded(v1::JobState state);

// For people: "RUNNING".
absl::string_view JobStateName(v1::JobState state);

}  // namespace ropewalk
