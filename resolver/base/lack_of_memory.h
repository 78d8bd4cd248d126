// Where C code calls us back, or a loop calls what it was given: the last place in which a lack of memory can be
// caught. An exception that went on from there would pass through frames that know none, or end the thread that
// everybody waits for.
#pragma once

#include <new>

namespace vouch {

// Tells the log, at most once a minute for the whole process. Any thread.
void note_lack_of_memory() noexcept;

// What was about to be done is then not done: a message is lost, a connection ends at its next time limit. Any other
// exception is a fault of ours, and ends the process.
template <typename Work>
void survive_lack_of_memory(Work&& work) noexcept {
  try {
    work();
  } catch (const std::bad_alloc&) { note_lack_of_memory(); }
}

}  // namespace vouch
