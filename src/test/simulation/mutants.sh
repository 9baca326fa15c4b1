#!/usr/bin/env bash
# Does the simulation find mistakes? Each line below is a mistake that is made in a copy of one class of the product; then seeds are run until
# one of them fails. Run it in the repository's root, after ./mvnw test-compile: src/test/simulation/mutants.sh [seeds, 20000] [a pattern of names]
# Ends with 1 if a mistake is not found.
set -euo pipefail
seeds=${1:-20000}
only=${2:-}
source=src/main/java/io/subscriptionrelay
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
./mvnw -B -q dependency:build-classpath -Dmdep.outputFile="$scratch/classpath" -Dmdep.includeScope=test
libraries=$(cat "$scratch/classpath")
missed=0

# name; class; what is replaced, as a Perl expression over the whole text
mistakes() {
  cat <<'LIST'
the lease is not checked before a call; deliver/Calls; s/delivery\.lease\(\)\.check\(\);//
what is taken is not settled; deliver/Calls; s/delivery\.settlement\(\)\.delivered\(record,.*?;\n//
the first outcome of an answer counts for all; deliver/Calls; s/each\.outcomes\(\)\.get\(i\)/each.outcomes().get(0)/
the second half begins one too late; deliver/Calls; s/subList\(middle, call/subList(middle + 1, call/
older states are sent too; deliver/Calls; s/if \(!known\.newerThan\(time\)\)/if (true)/
states of the same time are skipped; deliver/Calls; s/newerThan\(time/newerThan(time - 1/g
an older state is skipped whole though a part of it is the newest; deliver/Calls; s/older\.size\(\) < Math\.max\(1, keys\.size\(\)\)/older.isEmpty()/
an older state is sent whole when a part of it is the newest; deliver/Calls; s/record\.sendOnly\(.*?;\n//
a state is taken to have set keys that it has not; deliver/Calls; s/keys == null \? known/true ? known/
what is known of a user is forgotten with his next state; deliver/Calls; s/: known\(key\)\.applied/: StateTimes.NONE.applied/
what the batch before has applied is not known; deliver/Calls; s/delivery\.known\(key\)\.and\(tickets\.get\(key\)\.applied\(\)\)/delivery.known(key)/
what the state database has is not known; deliver/Calls; s/delivery\.known\(key\)\.and\(tickets\.get\(key\)\.applied\(\)\)/tickets.get(key).applied()/
the time of a key is that of any other; order/StateTimes; s/\.orElse\(whole\) > time/.orElse(newest()) > time/
what was applied is not noted; deliver/Calls; s/delivery\.applied\(key, .*?;\n//
no gap between two updates of a user; deliver/Calls; s/if \(!kind\.gap\(\)\.isZero\(\)\) \{\s+for/if (false) { for/
the next batch is let in while this one has records left; deliver/Calls; s/if \(!left\.contains\(key\)\)/if (true)/
who leaves before its turn lets others overtake; deliver/KeyQueues; s/before\.thenRun\(\(\) -> left\.complete\(null\)\)/left.complete(null)/
the gate never closes; deliver/AccountGate; s/closed = true;/closed = false;/
an old success opens the gate; deliver/AccountGate; s/!closed \|\| began - closedAt <= 0/!closed/
who was let go before a Retry-After opens the gate; deliver/AccountGate; s/closedAt = now;\n            quiet/quiet/
Retry-After is not looked at; deliver/AccountGate; s/if \(retryAfter > 0\)/if (false)/
a question that fails forgets an earlier Retry-After; deliver/AccountGate; s/asks\+\+;/asks++; quietUntil = now;/
everybody asks; deliver/AccountGate; s/asking = true;\n\s+askAt = now \+ UNANSWERED;//
nobody asks again after a question; deliver/AccountGate; s/asks\+\+;\n\s+askAt = .*?;/asks++; askAt = now + Long.MAX_VALUE \/ 4;/
a question is asked after a minute; deliver/AccountGate; s/TimeUnit\.SECONDS\.toNanos\(5\)\};/TimeUnit.SECONDS.toNanos(60)};/
an outage is a record's fault; deliver/Calls; s/call\.failed && gate\(\)\.answeredSince\(call\.began\)/call.failed/
what fails by itself is parked after an hour; deliver/BatchSettlement; s/ISOLATED = Duration\.ofHours\(24\)/ISOLATED = Duration.ofHours(1)/
what is put back is dropped; deliver/BatchSettlement; s/(message\.setHeader\(Headers\.QUEUE, queue\(record\)\);)\n\s+messages\.add\(message\);/$1/
what is sent back is dropped; deliver/BatchSettlement; s/(\+ 1\);)\n\s+messages\.add\(message\);/$1/
waiting is measured by the wall clock; deliver/BatchSettlement; s/record\.number\(Headers\.WAITED\) \+ Delays\.before\(record\)\.toMillis\(\)/clock.millis() - record.number(Headers.RECEIVED_AT)/
an unknown user is parked at once; deliver/BatchSettlement; s/waited >= why/waited <= why/
a refusal that may pass is believed at once; deliver/BatchSettlement; s/refusals >= why\.times\(\)/refusals >= 1/
a record more than a call may have; deliver/Delivery; s/next\.size\(\) >= kind\.records\(\)/next.size() > kind.records()/
no limit of calls in a second; deliver/AccountCalls; s/perSecond\(\) <= 0\)/perSecond() != -1)/
each relay takes all that an account allows; deliver/AccountCalls; s/limit \/ relays\.getAsInt\(\)/limit/
calls of a whole second are saved up; deliver/AccountCalls; s/CATCH_UP = TimeUnit\.MILLISECONDS\.toNanos\(20\)/CATCH_UP = TimeUnit.SECONDS.toNanos(1)/
users whose call is unanswered are free at once; deliver/Calls; s/delivery\.lease\(\)\.begins\(call\);//
a batch that is broken off counts as failed; deliver/Calls; s/putBackAll\(\);\n            \} else if \(del/waiting.clear();\n            } else if (del/
what is delivered is not told to history; history/Outcomes; s/history\.add\(exchange, outcome\(EventOutcome\.DELIVERED, .*?\n//
history is told before the commit; history/HistoryFeed; s/ifPresentOrElse\(batch -> batch\.add\(outcome\), \(\) -> soon\(outcome\)\)/ifPresent(batch -> soon(outcome))/
history is told with another batch too; jmsbatch/BatchTransaction; s/private final (Map<Class<\?>, BatchCompanion> companions)/private static final $1/
the flag that a record goes alone is lost; deliver/BatchSettlement; s/message\.setHeader\(Headers\.ALONE, true\);//g
LIST
}

while IFS=';' read -r name class change; do
  class=${class# }
  # the expression may have semicolons of its own
  change=${change# }
  [[ $name =~ $only ]] || continue
  rm -rf "$scratch/classes" "$scratch/java"
  mkdir -p "$scratch/classes" "$scratch/java"
  copy=$scratch/java/$(basename "$class").java
  perl -0pe "$change" "$source/$class.java" > "$copy"
  if cmp -s "$copy" "$source/$class.java"; then
    echo "CANNOT BE MADE  $name: $class.java has changed"
    missed=1
    continue
  fi
  javac -nowarn -parameters -proc:none -cp "target/classes:$libraries" -d "$scratch/classes" "$copy"
  if found=$(timeout 300 java -cp "$scratch/classes:target/test-classes:target/classes:$libraries" io.subscriptionrelay.simulation.Seeds "$seeds" 2> "$scratch/errors"); then
    echo "NOT FOUND       $name"
    missed=1
  elif [[ $found == seed* ]]; then
    echo "found           $name: ${found:0:110}"
  else
    echo "ENDED ODDLY     $name: $(head -c 300 "$scratch/errors")"
    missed=1
  fi
done < <(mistakes)
exit $missed
