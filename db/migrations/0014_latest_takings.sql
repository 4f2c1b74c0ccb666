-- A limit on logins that is full of attempts still being judged may have room in a moment: right ones give back what they
-- took. The time of the latest taking tells that from a limit that is used up.
alter table sluice.rate_limits add column taken_at timestamptz;
