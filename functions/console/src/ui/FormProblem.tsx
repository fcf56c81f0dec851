import { ApiError } from '../api/problem';
import { ProblemAlert } from './ProblemAlert';

interface Props {
  error: unknown;
  /** The places that show their own reason. */
  places: readonly string[];
}

/** Why a form was refused, unless each of its fields says so already. */
export function FormProblem({ error, places }: Props) {
  const shown =
    error instanceof ApiError &&
    error.violations.length > 0 &&
    error.violations.every(({ pointer }) => places.includes(pointer));
  return shown ? null : <ProblemAlert error={error} />;
}
