#pragma once

#include "services/common/periodic_task.h"

namespace ropewalk {

class Registry;
class XetStore;

// What a registry does to its store now and then; both log what they find and count it in metrics.

// Deletes what nothing names any more.
void Collect(Registry* registry);

// Of what clients have sent by Xet and made no files of. After Collect.
void CollectXorbs(XetStore* store);

// Reads all blobs, at a pace that leaves the disk to others, and quarantines damaged ones.
void Scrub(Registry* registry, const PeriodicTask::Pause& pause);

}  // namespace ropewalk
