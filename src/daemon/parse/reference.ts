/** An image reference as people write it: without Docker Hub's own address, which clients add before they send. */
export function familiar(reference: string): string {
  return reference.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
}
